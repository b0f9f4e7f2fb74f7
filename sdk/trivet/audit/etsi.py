"""ETSI EN 303 645 V3.1.3 (2024-09), every numbered provision: where this system stands, how, and what shows it.

A literal table. `asks` is the provision in a few words of ours; the standard's own text counts. `status` as in its
annex B: M mandatory, R recommended; C and F, where a condition or a feature decides. `shown` names checks of the audit
itself (`trivet.audit.checks`) and tests of the repository (`tests/…::name`); a test holds every name against them.
What only the appliance's maker can show (their hardware, their processes) is NOT_YET and says so.
"""

from __future__ import annotations

from typing import NamedTuple

STANDARD = "ETSI EN 303 645 V3.1.3 (2024-09)"
MET, PARTLY, NOT_YET, NOT_APPLICABLE = "met", "partly", "not yet", "not applicable"
STATES = (MET, PARTLY, NOT_YET, NOT_APPLICABLE)
CLAUSES = {
    "5.0": "Reporting implementation",
    "5.1": "No universal default passwords",
    "5.2": "Implement a means to manage reports of vulnerabilities",
    "5.3": "Keep software updated",
    "5.4": "Securely store sensitive security parameters",
    "5.5": "Communicate securely",
    "5.6": "Minimize exposed attack surfaces",
    "5.7": "Ensure software integrity",
    "5.8": "Ensure that personal data is secure",
    "5.9": "Make systems resilient to outages",
    "5.10": "Examine system telemetry data",
    "5.11": "Make it easy for users to delete user data",
    "5.12": "Make installation and maintenance of devices easy",
    "5.13": "Validate input data",
    "6": "Data protection provisions for consumer IoT",
}


class Provision(NamedTuple):
    number: str
    status: str
    asks: str
    state: str
    how: str
    shown: tuple[str, ...] = ()

    @property
    def clause(self) -> str:
        """Number of its clause, a key of CLAUSES."""
        return self.number.partition("-")[0]


_CLOUD_UPDATE = (
    "tests/end_to_end/test_update_cloud.py::test_a_security_update_installs_by_itself_and_the_cloud_sees_every_step"
)
_LINE_UPDATE = "tests/end_to_end/test_update_line.py::"
_WORDS = "tests/end_to_end/test_update_words.py::test_the_owner_and_the_vendor_are_heard"
_TRUST = "tests/update/test_trust.py::"
_OWN_UPDATES = "tests/end_to_end/test_my_updates.py::"
_ENGINE = "tests/sdk/test_engine.py::"
_KEYS = "tests/sdk/test_keys.py::"
_ACCOUNTS = "tests/sdk/test_accounts.py::"
_MY = "tests/sdk/test_my.py::"
_PAGE = "tests/end_to_end/test_my_page.py::"
_GATE = "tests/device/test_consent.py::"

PROVISIONS = (
    Provision(
        "5.0-1",
        "M",
        "record for each provision why it does not apply or is not fulfilled",
        MET,
        "This table says so for each.",
        ("tests/sdk/test_audit.py::test_every_provision_has_a_state_a_reason_and_what_shows_it",),
    ),
    Provision(
        "5.1-1",
        "MF",
        "passwords unique per device or chosen by the user",
        MET,
        "Appliances have no password: they authenticate with a key of their own. An owner chooses theirs; the "
        "first login "
        "of a cloud is random and printed once.",
        ("passwords_hashed", _ACCOUNTS + "test_nothing_is_made_for_a_wrong_sticker_or_a_weak_password"),
    ),
    Provision(
        "5.1-2",
        "MF",
        "pre-installed unique passwords resist automated attacks",
        MET,
        "The claim secret on the sticker is 80 random bits, the cloud keeps its hash; it opens nothing once claimed.",
        ("identities_unique", _MY + "test_a_sticker_brings_no_appliance_that_has_an_owner"),
    ),
    Provision(
        "5.1-2A",
        "R",
        "machines do not authenticate to each other by password",
        MET,
        "Appliance and engine authenticate each other by certificate (TLS).",
        (_ENGINE + "test_a_foreign_certificate_does_not_come_in",),
    ),
    Provision(
        "5.1-3",
        "MF",
        "authentication with best-practice cryptography",
        MET,
        "Appliances: TLS with P-256 certificates, messages with HMAC-SHA-256. People: passwords under salted scrypt.",
        (
            "passwords_hashed",
            _ENGINE + "test_client_id_and_certificate_must_be_one_device",
            "tests/both/test_wire_envelope.py::test_every_altered_bit_is_refused",
        ),
    ),
    Provision(
        "5.1-4",
        "MF",
        "a simple way to change what authenticates a user",
        MET,
        "The owner changes it on their page, or by a one-time link; sessions made with the old one end.",
        (
            _MY + "test_a_changed_password_ends_other_sessions_and_keeps_this_one",
            _ACCOUNTS + "test_a_link_sets_a_password_once",
        ),
    ),
    Provision(
        "5.1-5",
        "MCF",
        "brute force over the network is impracticable",
        MET,
        "Wrong passwords hold the next answer back, up to five minutes, however the name is spelt; claim secrets have "
        "80 bits; nothing on the appliance listens.",
        (_ACCOUNTS + "test_guessing_an_owners_password_is_slowed_down_however_the_address_is_spelt",),
    ),
    Provision(
        "5.2-1",
        "M",
        "a public policy for reporting vulnerabilities",
        PARTLY,
        "SECURITY.md names the way and the time of the first answer, not yet when a reporter hears of progress.",
    ),
    Provision("5.2-2", "R", "act on reports in time", NOT_YET, "Only the maker's practice can show it."),
    Provision(
        "5.2-3",
        "R",
        "watch for, find and mend vulnerabilities over the support period",
        PARTLY,
        "Dependencies are pinned with their digests and all tests run on every change; nothing watches advisories yet.",
    ),
    Provision(
        "5.3-1",
        "RF",
        "all software can be updated securely",
        PARTLY,
        "A release holds the maker's drivers and data, the base image, or both. On a chip the base image goes through"
        " its two partitions; that is shown here on a simulated flash only.",
        (_CLOUD_UPDATE, _LINE_UPDATE + "test_it_is_confirmed_after_a_whole_cycle_without_a_new_fault"),
    ),
    Provision(
        "5.3-2",
        "MC",
        "a mechanism for secure installation of updates",
        MET,
        "Signed manifest (IETF SUIT), verified on the appliance before anything of it is used; installed beside what "
        "runs, tried, confirmed or taken back.",
        (_CLOUD_UPDATE, _TRUST + "test_it_is_refused_with_its_own_reason"),
    ),
    Provision(
        "5.3-3",
        "MF",
        "updates are simple for the user",
        MET,
        "One press on the owner's page, or none: what is new, how long it may wait, and what came of it stand there.",
        (_OWN_UPDATES + "test_an_offered_feature_says_what_it_is_and_waits_for_a_yes",),
    ),
    Provision(
        "5.3-4A",
        "RF",
        "update mechanisms can be automatic",
        MET,
        "A security update installs by itself at the first safe moment.",
        (_CLOUD_UPDATE,),
    ),
    Provision(
        "5.3-4B",
        "RF",
        "automatic updates begin with the user's consent",
        PARTLY,
        "Features wait for a yes. Security updates are announced and can be put off until their deadline; from then on "
        "they wait for a safe moment and the owner's hours alone.",
        (_LINE_UPDATE + "test_a_feature_waits_for_its_owner_s_yes_and_is_then_on_trial", _WORDS),
    ),
    Provision(
        "5.3-5",
        "RF",
        "look for security updates after start and from time to time",
        MET,
        "What is offered waits in the cloud and goes down at every connection, until the appliance has answered.",
        ("tests/sdk/test_control.py::test_a_hello_opens_what_was_sent_without_a_result", _CLOUD_UPDATE),
    ),
    Provision(
        "5.3-6A",
        "RF",
        "the user can turn automatic updates on, off, or put them off",
        MET,
        "Yes, not now, and for features no, on the owner's page and at the appliance; hours in which nothing "
        "installs. A security update can be put off, not declined.",
        (
            _WORDS,
            _OWN_UPDATES + "test_a_security_update_can_be_put_off_and_not_declined",
            _OWN_UPDATES + "test_hours_are_marked_saved_and_confirmed_by_keyboard_alone",
        ),
    ),
    Provision(
        "5.3-6B",
        "RF",
        "the user can turn update notices on and off",
        NOT_YET,
        "Notices stand on the display and the owner's page, and cannot be turned off there. No message is sent to "
        "anybody.",
    ),
    Provision(
        "5.3-7",
        "MF",
        "best-practice cryptography for updates",
        MET,
        "ECDSA on P-256 with SHA-256 (ESP256), as many keys as the maker asks for, and where asked for a hash-based "
        "signature beside it (LMS, RFC 8554).",
        (_TRUST + "test_it_is_believed", "tests/update/test_lms.py::test_another_library_agrees"),
    ),
    Provision(
        "5.3-8",
        "MC",
        "security updates are timely",
        PARTLY,
        "A security release has a deadline that no postponing passes. How soon after a finding it is made only the "
        "maker's practice can show.",
        ("tests/sdk/test_wishes.py::test_later_ends_at_the_deadline_of_a_security_update",),
    ),
    Provision(
        "5.3-9",
        "RF",
        "the device verifies updates",
        MET,
        "By its own root of keys, every byte, before a command of it has an effect; each refusal has its reason.",
        (
            _TRUST + "test_it_is_refused_with_its_own_reason",
            "tests/update/test_changes.py::test_every_value_of_every_byte_but_the_signatures_own",
            _LINE_UPDATE + "test_what_is_refused_is_told_with_its_number_and_in_words",
        ),
    ),
    Provision(
        "5.3-10",
        "MF",
        "updates over the network are verified by a trust relationship",
        MET,
        "The appliance holds the maker's root of release keys since the maker's line; the next one comes signed by "
        "the one before. The cloud can offer what the maker signed, and nothing else; it serves what is offered "
        "alone.",
        (
            "tests/update/test_key_rotation.py::test_no_other_set_does",
            "tests/sdk/test_publish.py::test_what_does_not_verify_is_refused_and_nothing_of_it_is_kept",
            "tests/sdk/test_fetch.py::test_nothing_else_is_served_and_the_question_is_counted",
        ),
    ),
    Provision(
        "5.3-11",
        "RC",
        "the user is told that a security update is needed, and why",
        MET,
        "On the owner's page, in their language: that it is one, the maker's note on what it mends, and its deadline;"
        " on the display that it is there.",
        (
            _OWN_UPDATES + "test_a_security_update_can_be_put_off_and_not_declined",
            "tests/sdk/test_update_routes.py::test_the_owner_sees_it_and_says_their_word",
        ),
    ),
    Provision(
        "5.3-12",
        "RC",
        "the user is told when an update interrupts basic functions",
        MET,
        "The page says before the yes that the appliance restarts, and when it never does; the display says when it "
        "starts.",
        (_OWN_UPDATES + "test_an_offered_feature_says_what_it_is_and_waits_for_a_yes",),
    ),
    Provision("5.3-13", "M", "the support period is published", NOT_YET, "The maker publishes it with the appliance."),
    Provision(
        "5.3-14",
        "RC",
        "without updates: say why, for how long, and what replaces it",
        NOT_APPLICABLE,
        "Software is meant to be updated; see 5.3-2.",
    ),
    Provision(
        "5.3-15A",
        "RC",
        "without updates: can be isolated from the network",
        NOT_APPLICABLE,
        "Software is meant to be updated. The appliance works without a network all the same.",
    ),
    Provision(
        "5.3-15B",
        "RC",
        "without updates: hardware can be replaced",
        NOT_APPLICABLE,
        "Software is meant to be updated; see 5.3-2.",
    ),
    Provision(
        "5.3-16",
        "M",
        "the model is clearly recognizable",
        MET,
        "Model and device id stand on the owner's page, and on the sticker that the maker prints.",
        (_MY + "test_the_owner_sees_how_it_is_and_what_it_may_send",),
    ),
    Provision(
        "5.4-1",
        "MF",
        "sensitive security parameters are stored securely",
        PARTLY,
        "In the cloud: files that their owner alone may read, sealed by a passphrase where one is given. In the "
        "appliance: "
        "on its own flash, readable to whoever opens it on chips without flash encryption.",
        ("keys_private", _KEYS + "test_a_passphrase_leaves_no_key_readable_on_disk"),
    ),
    Provision(
        "5.4-2",
        "MF",
        "hard-coded identities resist tampering",
        PARTLY,
        "Identity is written once and not in the code; without flash encryption whoever opens the appliance may "
        "alter it, "
        "and then holds no key that the cloud believes.",
        (_ENGINE + "test_client_id_and_certificate_must_be_one_device",),
    ),
    Provision(
        "5.4-3",
        "M",
        "no critical security parameter hard-coded in source",
        MET,
        "Every key is made at the cloud's first start or at enrolment.",
        ("no_keys_in_source", "tests/sdk/test_store.py::test_an_identity_is_whole_and_unlike_every_other"),
    ),
    Provision(
        "5.4-4",
        "MF",
        "critical security parameters unique per device",
        MET,
        "Message keys derive per appliance and epoch; TLS keys are random.",
        ("identities_unique", _KEYS + "test_a_message_key_is_hkdf_of_device_and_epoch_and_nothing_gives_the_secret"),
    ),
    Provision(
        "5.5-1",
        "M",
        "communicate with best-practice cryptography",
        MET,
        "Mutual TLS, and under it every message authenticated by itself (COSE_Mac0).",
        (
            "tests/device/test_mqtt.py::test_connects_publishes_and_hears_over_mutual_tls",
            "tests/device/test_mqtt.py::test_a_certificate_of_another_authority_is_refused",
        ),
    ),
    Provision(
        "5.5-2",
        "R",
        "reviewed or evaluated implementations",
        PARTLY,
        "TLS is mbedTLS and OpenSSL, the cloud's cryptography is OpenSSL's. P-256 in MicroPython is ours, held against "
        "vectors and OpenSSL, and not reviewed by others.",
        ("tests/both/test_p256.py::test_signatures_of_rfc_6979",),
    ),
    Provision(
        "5.5-3",
        "R",
        "cryptography can be replaced",
        PARTLY,
        "Message keys have epochs, message formats have versions, release keys are replaced by a key manifest; code is "
        "replaced by updates (5.3-2).",
        ("tests/sdk/test_ingest.py::test_the_next_key_epoch_is_accepted_once_offered_and_the_old_one_for_its_time",),
    ),
    Provision(
        "5.5-4",
        "R",
        "functions over the network only after authentication",
        MET,
        "Nothing on the appliance listens: it connects out, by mutual TLS, and acts only on messages under its "
        "own key.",
        ("tests/device/test_uplink.py::test_a_forged_receipt_deletes_nothing_and_breaks_nothing",),
    ),
    Provision(
        "5.5-5",
        "MF",
        "security-relevant changes over the network only after authentication",
        MET,
        "A command counts when the cloud's command key signed it for this appliance, its counter is new, and the grant "
        "that it is done under holds; then it is done once and answered.",
        (
            "tests/sdk/test_control.py::test_what_an_appliance_would_refuse_is_not_queued",
            "tests/end_to_end/test_obeying.py::test_without_consent_to_service_it_is_refused_with_a_reason",
        ),
    ),
    Provision(
        "5.5-6",
        "RF",
        "critical security parameters are encrypted on their way",
        MET,
        "Everything travels in TLS.",
        ("tests/device/test_mqtt.py::test_connects_publishes_and_hears_over_mutual_tls",),
    ),
    Provision(
        "5.5-7",
        "MF",
        "confidentiality of critical security parameters over networks",
        MET,
        "The signing key is never sent; a new message key comes wrapped for this appliance alone, inside TLS.",
        ("tests/device/test_mqtt.py::test_connects_publishes_and_hears_over_mutual_tls",),
    ),
    Provision(
        "5.5-8",
        "MC",
        "secure processes for critical security parameters",
        PARTLY,
        "Keys are made, sealed, rotated and revoked by commands; how the maker keeps passphrase and backups is theirs.",
        (
            "keys_sealed",
            _KEYS + "test_changing_the_passphrase_rewrites_one_file",
            _ENGINE + "test_revoking_throws_out_at_once",
        ),
    ),
    Provision(
        "5.6-1",
        "MF",
        "unused interfaces are disabled",
        PARTLY,
        "The appliance opens no port; radio and buses of a real board are the maker's. The cloud listens on loopback "
        "unless told otherwise.",
        (_KEYS + "test_serving_other_machines_needs_a_passphrase_or_a_word",),
    ),
    Provision(
        "5.6-2",
        "M",
        "little is told to whoever is not authenticated",
        MET,
        "Without a login there are doors and /healthz; they say the same for what exists and what does not.",
        (
            "tests/end_to_end/test_desk.py::test_nobody_sees_anything_without_a_login",
            _MY + "test_somebody_elses_appliance_does_not_exist",
        ),
    ),
    Provision("5.6-3", "R", "physical interfaces are not exposed without need", NOT_YET, "The maker's hardware."),
    Provision(
        "5.6-4A",
        "MF",
        "debug interfaces are disabled in software",
        NOT_YET,
        "The image for a locked chip is not built yet.",
    ),
    Provision("5.6-4B", "RF", "physical debug ports are protected", NOT_YET, "The maker's hardware."),
    Provision(
        "5.6-5",
        "R",
        "only services that are needed run",
        MET,
        "One process and its engine; the engine's own port is on loopback alone.",
        (_ENGINE + "test_hostile_messages_reach_nothing",),
    ),
    Provision(
        "5.6-6",
        "R",
        "no more code than needed",
        MET,
        "The image of an appliance leaves out what nobody uses.",
        ("tests/sdk/test_rom.py::test_constants_their_imports_and_what_nobody_uses_are_gone",),
    ),
    Provision(
        "5.6-7",
        "R",
        "software runs with the least privileges",
        PARTLY,
        "An appliance reaches its own topics alone, a login what its role and a purpose allow; the firmware is "
        "one program "
        "without privilege levels.",
        (
            _ENGINE + "test_a_device_touches_its_own_topics_alone",
            _ACCOUNTS + "test_neither_login_opens_the_others_rooms",
        ),
    ),
    Provision("5.6-8", "R", "hardware controls access to memory", NOT_YET, "A property of the maker's chip."),
    Provision(
        "5.6-9",
        "R",
        "a secure development process",
        PARTLY,
        "Typed code, walls between rooms, fuzzing and power cuts run on every change; no outside review yet.",
        (
            "tests/test_layers.py::test_firmware_room_keeps_to_its_floor",
            "tests/sdk/test_decode.py::test_any_bytes_under_any_topic",
        ),
    ),
    Provision(
        "5.7-1", "R", "software is verified by secure boot", NOT_YET, "Needs a chip with its boot keys burnt in."
    ),
    Provision(
        "5.7-2",
        "RF",
        "an unauthorized change of software is told, and contained",
        NOT_YET,
        "Needs secure boot. What is found today: a ledger or a counter that was changed or put back.",
    ),
    Provision(
        "5.8-1",
        "RF",
        "personal data is confidential on its way",
        MET,
        "Everything travels in TLS.",
        ("tests/device/test_mqtt.py::test_connects_publishes_and_hears_over_mutual_tls",),
    ),
    Provision(
        "5.8-2",
        "MF",
        "sensitive personal data is confidential between device and service",
        NOT_APPLICABLE,
        "No sensitive personal data is sent: no picture, sound, place or payment. TLS covers what there is.",
    ),
    Provision(
        "5.8-3",
        "MF",
        "external sensing is documented for the user",
        MET,
        "Every signal of a board has a text for people; what of it may leave stands in the consent texts.",
        ("tests/sdk/test_boards.py::test_the_cloud_reads_the_rich_catalogue_and_finds_causes_parts_and_limits",),
    ),
    Provision(
        "5.9-1",
        "R",
        "resilience against outages of network and power",
        MET,
        "Power may be cut at every flash operation; messages wait and are told once.",
        (
            "tests/powercut/test_cuts.py::test_a_cut_leaves_the_old_or_the_new_state",
            _ENGINE + "test_engine_and_ingest_killed_in_mid_stream_lose_and_double_nothing",
        ),
    ),
    Provision(
        "5.9-2",
        "R",
        "works locally without network and recovers cleanly",
        MET,
        "Diagnosis, display and decisions need no network.",
        (
            "tests/end_to_end/test_sim.py::test_a_broken_element_is_found_and_only_what_needs_it_is_switched_off",
            "tests/end_to_end/test_sim.py::test_killed_at_random_moments_it_starts_again_with_every_confirmed_fault",
        ),
    ),
    Provision(
        "5.9-3",
        "R",
        "connects in an orderly fashion",
        MET,
        "Connections back off from two seconds to five minutes.",
        ("tests/device/test_uplink.py::test_it_backs_off_from_two_seconds_to_five_minutes_over_all_brokers",),
    ),
    Provision(
        "5.10-1",
        "RF",
        "telemetry is examined for security anomalies",
        MET,
        "What no consent covers, what is replayed or not authentic is refused, counted and raised as a security event.",
        ("tests/sdk/test_ingest.py::test_the_same_number_with_other_content_is_a_replay",),
    ),
    Provision(
        "5.11-1",
        "M",
        "user data can be erased from the device simply",
        PARTLY,
        "A withdrawal empties the queue of its purpose at once, a factory reset withdraws all.",
        (_GATE + "test_a_factory_reset_withdraws_everything_but_safety",),
    ),
    Provision(
        "5.11-2",
        "RF",
        "personal data can be removed from associated services simply",
        MET,
        "One button on the owner's page, for one appliance and, with the last one, for the account.",
        ("erasures_proven", _MY + "test_an_erasure_takes_the_account_along_and_says_what_it_found"),
    ),
    Provision(
        "5.11-3",
        "R",
        "clear instructions how to delete personal data",
        MET,
        "The page says what goes, what stays, and what the appliance is told, before it asks.",
        (_MY + "test_what_cannot_be_taken_back_asks_for_the_password_once_more",),
    ),
    Provision(
        "5.11-4",
        "R",
        "a clear confirmation that personal data was deleted",
        MET,
        "The owner is shown what a scan of database, streams and files found afterwards; the proof is kept.",
        ("erasures_proven", _MY + "test_an_erasure_takes_the_account_along_and_says_what_it_found"),
    ),
    Provision(
        "5.12-1",
        "R",
        "few decisions at installation, good defaults",
        MET,
        "One form with what the sticker's QR code fills in; everything that may be declined is off.",
        (
            _ACCOUNTS + "test_the_form_says_what_to_mend_and_keeps_what_was_typed",
            _GATE + "test_a_new_appliance_allows_safety_alone",
        ),
    ),
    Provision(
        "5.12-2",
        "R",
        "guidance on secure setup",
        MET,
        "README: running a cloud, registering an appliance; the claim page says what registering allows: nothing.",
        (_PAGE + "test_the_sticker_opens_an_account_and_the_page_says_what_is_allowed",),
    ),
    Provision(
        "5.12-3",
        "R",
        "guidance on checking that it is securely set up",
        MET,
        "The owner's page says what may be sent and what went wrong; this audit says it for the cloud.",
        ("tests/sdk/test_audit.py::test_a_sound_cloud_passes_every_check",),
    ),
    Provision(
        "5.13-1A",
        "M",
        "input from user interfaces is validated",
        MET,
        "Lines that make no sense change nothing; forms and parameters are checked against their schema.",
        (
            "tests/end_to_end/test_sim.py::test_a_line_that_makes_no_sense_is_answered_and_changes_nothing",
            "tests/sdk/test_api.py::test_errors_are_problem_documents",
            "tests/end_to_end/test_desk.py::test_what_people_type_is_text_never_markup",
        ),
    ),
    Provision(
        "5.13-1B",
        "M",
        "input from networks is validated",
        MET,
        "Bounded decoding on both sides; fuzzed with any bytes under a right tag too.",
        (
            "tests/sdk/test_decode.py::test_any_payload_under_a_right_tag",
            "tests/sdk/test_ingest.py::test_no_bytes_stop_it",
            "tests/device/test_uplink.py::test_garbage_on_the_receipt_topic_never_deletes_nor_disconnects",
        ),
    ),
    Provision(
        "6-1",
        "M",
        "clear information which personal data is processed, how, by whom, what for and how long",
        MET,
        "One text per purpose says what, what for, how long; the owner's page shows every message, reader and period.",
        ("texts_kept", _MY + "test_every_message_says_why_it_was_sent"),
    ),
    Provision(
        "6-2",
        "MF",
        "consent is obtained in a valid way",
        MET,
        "Asked per purpose, off before, under a text whose version the decision names; a no costs nothing.",
        ("texts_kept", _MY + "test_a_decision_is_pending_until_the_appliance_says_so"),
    ),
    Provision(
        "6-3A",
        "MF",
        "consent can be withdrawn at any time",
        MET,
        "The same switch, also offline at the appliance; it holds at once and empties the queue.",
        (_GATE + "test_withdrawing_empties_the_queue_of_that_purpose_alone", "messages_covered"),
    ),
    Provision(
        "6-3B",
        "MF",
        "what was consented to is stored",
        MET,
        "Every decision with number, time, channel, language and version of the text.",
        ("texts_kept", "messages_covered"),
    ),
    Provision(
        "6-4",
        "RF",
        "personal data in telemetry is kept to the minimum",
        MET,
        "The gate stands before recording: without a yes nothing is recorded for sending.",
        (
            "messages_covered",
            "tests/end_to_end/test_sim.py::test_without_consent_nothing_is_recorded_for_sending",
        ),
    ),
    Provision(
        "6-5",
        "MF",
        "the user is told which telemetry is collected, how it is used, by whom and what for",
        MET,
        "Consent texts, and the owner's log of what was sent and who looked.",
        (_MY + "test_who_looked_is_listed_and_the_owners_own_looks_are_not",),
    ),
    Provision(
        "6-6",
        "MF",
        "data is limited to its purpose and deleted when no longer needed",
        MET,
        "Every read names its purpose; a job deletes what is older than its purpose's period.",
        ("retention_kept", "tests/sdk/test_consents.py::test_a_read_for_one_purpose_does_not_show_what_another_covers"),
    ),
    Provision(
        "6-7",
        "RF",
        "what is only for an aggregate is aggregated",
        NOT_YET,
        "Heartbeats arrive per appliance and are kept so until their period ends.",
    ),
    Provision(
        "6-8",
        "RF",
        "personal data is anonymized or pseudonymized",
        PARTLY,
        "Messages carry a device id and no name; who owns it stands apart and is unlinked when ownership ends.",
        (_MY + "test_after_it_was_given_away_everything_is_closed_and_the_next_owner_sees_nothing_of_before",),
    ),
)
