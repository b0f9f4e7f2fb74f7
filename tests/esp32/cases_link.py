"""The chip's link to its broker, in MicroPython: over a socket that really connects, to a server that speaks TLS. Each
case takes the board, whose `words` are the server's host and port, and a time that it turns.
"""

import errno

LONGEST_MS = 10_000


def opened(board, joined):
    """The link of the chip with what lies in its littlefs, in a house whose Wi-Fi it has joined or not."""
    from appliance.esp32.ports import HouseLink
    from appliance.esp32.wifi import JOINED, Wifi
    from appliance.system.disk import Files
    from esp32 import Partition

    files = Files("", Partition.find(Partition.TYPE_DATA, label="vfs")[0])
    board.air.update(networks=[(b"house", b"", 1, -50, 3, 0)], password="a long secret")
    wifi = Wifi(files)
    if joined:
        assert wifi.take("house", "a long secret", 0)
        wifi.poll(1)
        assert wifi.state == JOINED
    return HouseLink(files, wifi)


def turned(board, step):
    """`step()` until it gives something; no single one waits."""
    for _ in range(LONGEST_MS // 5):
        found = step()
        if found is not None:
            return found
        board.pause(5)  # of real time
    raise AssertionError("nothing came")


def what_is_said_goes_through_tls_and_is_answered(board, time):
    host, port = board.words
    stream = opened(board, joined=True).open(host, int(port))
    said = b"..ping.."
    assert turned(board, lambda: stream.write(said, 2, 4)) == 4
    buf = bytearray(16)
    count = turned(board, lambda: stream.readinto(buf))
    assert bytes(buf[:count]) == b"pong"
    assert turned(board, lambda: stream.readinto(buf)) == 0, "the server closed"
    stream.close()
    stream.close()


def a_server_of_another_house_is_not_believed(board, time):
    host, port = board.words
    stream = opened(board, joined=True).open(host, int(port))
    try:
        turned(board, lambda: stream.write(b"ping", 0, 4))
    except OSError:
        stream.close()
        return
    raise AssertionError("believed")


def without_wifi_nothing_is_looked_up(board, time):
    host, port = board.words
    why = 0
    try:
        opened(board, joined=False).open(host, int(port))
    except OSError as error:
        why = error.errno
    assert why == errno.EHOSTUNREACH


def what_the_stubs_do_not_know_of_a_socket_fails(board, time):
    import select
    import socket

    import strict

    wrong = (
        lambda: socket.socket().setblocking(),
        lambda: socket.socket().connect("127.0.0.1", 1),
        lambda: socket.getaddrinfo("127.0.0.1"),
        lambda: select.poll().register(),
        lambda: socket.socket().sendmsg(b""),
        lambda: socket.create_connection,
    )
    for at in range(len(wrong)):
        try:
            wrong[at]()
        except (strict.NotInStubs, AttributeError):
            continue
        raise AssertionError("taken: %d" % at)
