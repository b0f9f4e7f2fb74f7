"""`machine` of the fake chip: pins, a converter, the watchdog, RTC memory, buses."""

import world

NAMES = ("Pin", "ADC", "WDT", "RTC", "I2C", "UART", "reset", "reset_cause")


class Pin:
    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, alt=None):
        self._id = id
        self._mode = mode
        if value is not None:
            self._drive(value)
        elif mode == 3:
            self._drive(0)  # what a relay would see

    def _drive(self, value):
        world.board.out[self._id] = 1 if value else 0
        world.board.log.append((self._id, world.board.out[self._id]))

    def value(self, *args):
        if args:
            if self._mode != 3:
                raise ValueError("pin %r is no output" % self._id)
            self._drive(args[0])
            return None
        return world.board.pins.get(self._id, 0)

    def irq(self, handler=None, trigger=0, *, priority=1, wake=None, hard=False):
        world.board.irq[self._id] = (self, handler, trigger)


class ADC:
    def __init__(self, id, *, sample_ns=0, atten=0):
        self._pin = id._id if hasattr(id, "_id") else id
        if atten != 3:
            raise ValueError("without attenuation it sees 1 V")

    def read_uv(self):
        return min(world.board.uv.get(self._pin, 0), 3_100_000)

    def read_u16(self):
        return min(65535, world.board.uv.get(self._pin, 0) * 65535 // 3_150_000)


class WDT:
    def __init__(self, *, id=0, timeout=5000):
        world.board.watchdog.append(timeout)

    def feed(self):
        world.board.watchdog[1:] = ["fed"]


class RTC:
    def __init__(self, id=0):
        pass

    def memory(self, *args):
        if not args:
            return bytes(world.board.rtc[world.USER : world.USER + world.board.rtc_length])
        world.board.rtc_length = len(args[0])
        world.board.rtc[world.USER : world.USER + world.board.rtc_length] = args[0]

    def datetime(self, datetimetuple=None):
        if datetimetuple is not None:
            world.board.now_datetime = datetimetuple
        return world.board.now_datetime


class I2C:
    def __init__(self, id=0, **kwargs):
        if kwargs.get("timeout", 50_000) > 5_000:
            raise ValueError("a held bus would hold up the tick")

    def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
        self._answer((addr, memaddr), buf)

    def readfrom_into(self, addr, buf, stop=True):
        self._answer((addr, None), buf)

    def writeto(self, addr, buf, stop=True):
        world.board.i2c_written.append((addr, bytes(buf)))
        return len(buf)

    def _answer(self, key, buf):
        if key not in world.board.i2c:
            raise OSError(19)
        buf[:] = world.board.i2c[key]


class UART:
    def __init__(self, id=0, baudrate=9600, bits=8, parity=None, stop=1, **kwargs):
        self._id = id
        world.board.uarts.setdefault(id, bytearray())

    def any(self):
        return len(world.board.uarts[self._id])

    def readinto(self, buf, nbytes=0):
        waiting = world.board.uarts[self._id]
        count = min(len(buf), len(waiting))
        buf[:count] = waiting[:count]
        world.board.uarts[self._id] = waiting[count:]
        return count or None

    def write(self, buf):
        world.board.uart_out[self._id] = world.board.uart_out.get(self._id, b"") + bytes(buf)
        return len(buf)


def reset():
    raise world.Restart


def reset_cause():
    return world.board.cause
