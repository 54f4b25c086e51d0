# SPDX-License-Identifier: ISC
"""What outlives the daemon, and how loud it may be: restoring, --max-gain, panic."""

import json
import os
import threading
import time

import pytest

from programs import eventually


@pytest.fixture
def state(tmp_path):
    """Where the daemons of a test keep their sound: all of them in the same place."""
    return tmp_path / "home" / "kept" / "sound.json"


@pytest.fixture
def begin(make_daemon, state):
    """A daemon that is started, and a client of it."""

    def begin(*options):
        daemon = make_daemon(f"--state={state}", *options).start()
        return daemon, daemon.client()

    return begin


def end(daemon):
    daemon.terminate()
    assert daemon.wait() == 0


def kept(state):
    """The whole text makes sense, or there is none."""
    return json.loads(state.read_text()) if state.exists() else None


CHANGES = [
    ("mixer.set", {"gain_db": -17.25, "mute": True, "pan": -0.5}),
    ("limiter.set", {"ceiling_dbtp": -3.5, "bypass": True}),
    ("eq.set", {"bands": [{"freq_hz": 120, "gain_db": 5, "q": 2}], "preamp_db": "auto"}),
    ("eq.band", {"index": 1, "type": "high_shelf", "freq_hz": 9000, "gain_db": -4, "q": 0.7}),
    ("eq.set", {"design": "rbj", "bypass": True}),
]


def everything(client):
    return [client.call(method) for method in ("mixer.get", "limiter.get", "eq.get")]


def test_everything_is_as_it_was(begin, state):
    daemon, client = begin()
    for method, params in CHANGES:
        client.call(method, **params)
    before = everything(client)
    end(daemon)
    assert os.stat(state).st_mode & 0o077 == 0, "it is nobody else's business"
    _, client = begin()
    assert everything(client) == before
    assert client.call("mixer.get")["mute"] is True


SLIDERS = {"layout": "iso31", "gains_db": [(n * 7) % 19 - 9 for n in range(31)]}


@pytest.mark.parametrize("rate_hz", [48000, 44100])
def test_sliders_are_still_sliders_and_a_preset_has_its_name(begin, rate_hz):
    """Also at another rate, where they are other peaks."""
    daemon, client = begin()
    client.call("eq.graphic", **SLIDERS)
    client.call("eq.preset.save", name="mine")
    end(daemon)
    daemon, client = begin(f"--rate={rate_hz}")
    after = client.call("eq.get")
    assert after["graphic"]["layout"] == "iso31" and after["preset"] == "mine"
    assert after["graphic"]["gains_db"] == SLIDERS["gains_db"]
    anew = client.call("eq.graphic", **SLIDERS)
    assert after["bands"] == anew["bands"]
    client.call("eq.band", index=3, gain_db=1)
    assert client.call("eq.get")["graphic"] is client.call("eq.get")["preset"] is None
    end(daemon)
    _, client = begin()
    after = client.call("eq.get")
    assert after["graphic"] is after["preset"] is None


def test_pieces_are_as_loud_as_before(begin, state):
    """Or the first one after a restart would be louder by all that its tags take away."""
    daemon, client = begin()
    settings = {"mode": "album", "target_lufs": -20.5, "preamp_db": -3, "scan": True}
    client.call("loudness.set", **settings)
    end(daemon)
    daemon, client = begin()
    assert settings.items() <= client.call("loudness.get").items()
    end(daemon)
    broken = kept(state)
    broken["loudness"]["mode"] = "loud"
    state.write_text(json.dumps(broken))
    daemon, client = begin()
    assert client.call("loudness.get")["mode"] == "off"
    assert "its loudness makes no sense" in daemon.log()


def test_it_is_what_is_heard(begin, media):
    """Not only said: a tone after the restart has the restored level."""
    daemon, client = begin()
    client.call("mixer.set", gain_db=-20, pan=1)
    end(daemon)
    _, client = begin()
    client.play(media.sine(5, hz=1000, db=0))
    client.call("subscribe", topics=["meter"])
    levels = [client.event(topic="meter")["data"]["peak_dbfs"] for _ in range(6)][-1]
    assert levels[0] is None or levels[0] < -100
    assert levels[1] == pytest.approx(-20, abs=0.1)


@pytest.mark.lasting
def test_kept_a_second_after_a_change_and_whole_whenever_it_is_killed(begin, state):
    """Killed at any moment, also in the middle of writing: the file is the old or the new one."""
    for n in range(12):
        daemon, client = begin()
        client.call("mixer.set", gain_db=-n - 1)
        if n % 4 == 0:
            eventually(lambda n=n: (kept(state) or {"mixer": {}})["mixer"].get("gain_db") == -n - 1)
        else:
            time.sleep(0.99 + n / 400)  # about when it is written
        daemon.kill()
        kept(state)
        assert not list(state.parent.glob("*.bad"))
    _, client = begin()
    assert client.call("mixer.get")["gain_db"] <= -9


def test_nothing_is_written_without_a_change(begin, state):
    daemon, client = begin()
    client.call("mixer.get")
    client.call("mixer.set", gain_db=0)
    end(daemon)
    assert not state.exists()


def test_where_it_is_kept(make_daemon, tmp_path):
    """$STATE_DIRECTORY before $XDG_STATE_HOME before ~; what is relative does not count."""
    homes = {name: str(tmp_path / name) for name in ("STATE_DIRECTORY", "XDG_STATE_HOME", "HOME")}
    places = {
        "STATE_DIRECTORY": "sound.json",
        "XDG_STATE_HOME": "chant/sound.json",
        "HOME": ".local/state/chant/sound.json",
    }
    env = {**homes, "STATE_DIRECTORY": f"{homes['STATE_DIRECTORY']}:/nowhere"}
    for name, place in places.items():
        daemon = make_daemon(env=env).start()
        daemon.client().call("mixer.set", gain_db=-7)
        end(daemon)
        assert kept(tmp_path / name / place)["mixer"]["gain_db"] == -7, name
        env[name] = "relative" if name != "HOME" else ""
    daemon = make_daemon(env=env).start()
    daemon.client().call("mixer.set", gain_db=-7)
    end(daemon)
    assert "will not be kept" in daemon.log()


def test_no_restore(begin, state):
    daemon, client = begin()
    client.call("mixer.set", gain_db=-9)
    end(daemon)
    before = state.read_text()
    daemon, client = begin("--no-restore")
    assert client.call("mixer.get")["gain_db"] == 0
    client.call("mixer.set", gain_db=-3)
    end(daemon)
    assert state.read_text() == before


# --- never too loud


@pytest.mark.parametrize(
    "options, restored_db",
    [([], 0), (["--max-restored-gain=-12"], -12), (["--max-restored-gain=12"], 9)],
)
def test_a_restored_gain_is_capped(begin, options, restored_db):
    daemon, client = begin()
    client.call("mixer.set", gain_db=9)
    end(daemon)
    daemon, client = begin(*options)
    assert client.call("mixer.get")["gain_db"] == restored_db
    client.call("mixer.set", gain_db=3)  # a person may


def test_silence_is_restored_as_silence(begin):
    daemon, client = begin()
    client.call("mixer.set", gain_db=None)
    end(daemon)
    _, client = begin()
    assert client.call("mixer.get")["gain_db"] is None


def test_max_gain(begin):
    daemon, client = begin()
    client.call("mixer.set", gain_db=-2)
    end(daemon)
    _, client = begin("--max-gain=-6", "--max-restored-gain=12")
    mixer = client.call("mixer.get")
    assert (mixer["gain_db"], mixer["max_gain_db"]) == (-6, -6), "the restored one, too"
    error = client.refusal("mixer.set", gain_db=-5.9)
    assert error.name == "OUT_OF_RANGE" and error.data["param"] == "gain_db"
    assert "-6" in str(error) and "--max-gain" in str(error)
    client.call("mixer.set", gain_db=-30)
    assert client.call("mixer.adjust", delta_db=100)["gain_db"] == -6
    assert client.call("mixer.adjust", delta_db=100, max_db=12)["gain_db"] == -6
    assert client.call("mixer.adjust", delta_db=0, min_db=0)["gain_db"] == -6


def test_the_first_gain_is_at_most_max_gain(begin):
    _, client = begin("--max-gain=-6")
    assert client.call("mixer.get")["gain_db"] == -6


def assert_silent(daemon):
    """While it plays: what the meter shows of half a second, which begins now."""
    time.sleep(0.2)
    client = daemon.client()
    eventually(lambda: client.status()["position_s"] > 0.3)
    client.call("subscribe", topics=["meter"])
    frames = client.events_for(0.5)
    assert frames and not any(peak for f in frames for peak in f["data"]["peak_dbfs"]), frames


def test_panic_lasts_until_mixer_set(begin, media):
    daemon, client = begin()
    client.call("subscribe", topics=["mixer"])
    client.play(media.sine(60, hz=1000, db=-6))
    eventually(lambda: client.status()["position_s"] > 0.1)
    answer = client.call("mixer.panic")
    assert answer["panic"] is True and answer["applied_at"]["frame"] > 0
    assert client.event(topic="mixer")["data"]["panic"] is True
    error = client.refusal("mixer.adjust", delta_db=-1)
    assert error.name == "CONFLICT" and "mixer.set" in str(error)
    assert client.call("mixer.panic")["panic"] is True, "twice is no error"
    client.play(media.sine(60, hz=1000, db=-6))
    assert_silent(daemon)
    end(daemon)

    daemon, client = begin()
    assert client.call("mixer.get")["panic"] is True
    assert "mixer.panic" in daemon.log()
    client.play(media.sine(60, hz=1000, db=-6))
    assert_silent(daemon)
    assert client.call("mixer.set", gain_db=-10)["panic"] is False
    client.call("subscribe", topics=["meter"])

    def loud():
        peak = client.event(topic="meter")["data"]["peak_dbfs"][0]
        return peak is not None and peak == pytest.approx(-16, abs=0.1)

    eventually(loud)


def test_a_storm_of_panics_is_weathered(begin):
    """Each costs the same, however many wait: nobody runs into a time-out of ten seconds."""
    daemon, client = begin()
    client.play("tone:sine?hz=100&db=-20&s=600")
    eventually(lambda: client.status()["position_s"] > 0.1)
    methods = ["mixer.set", "mixer.panic", "mixer.panic"]
    lines = "".join(
        json.dumps({"jsonrpc": "2.0", "id": n, "method": methods[n % 3]}) + "\n"
        for n in range(4000)
    )
    angry = [daemon.client() for _ in range(12)]
    senders = [threading.Thread(target=a.send_bytes, args=(lines.encode(),)) for a in angry]
    for sender in senders:
        sender.start()
    for one in angry:
        assert [one.message()["id"] for _ in range(4000)] == list(range(4000))
        client.call("mixer.get")
    for sender in senders:
        sender.join()


def test_panic_does_not_wait_for_what_waits(begin, media):
    """Behind more changes than the engine's queue holds, it lands before the last of them."""
    daemon, client = begin("--period=8192")
    client.play(media.sine(60))
    ids = [client.request("mixer.set", {"pan": n % 2}) for n in range(2000)]
    other = daemon.client()
    frame = other.call("mixer.panic")["applied_at"]["frame"]
    answers = {}
    while len(answers) < len(ids):
        message = client.message()
        answers[message["id"]] = message["result"]["applied_at"]["frame"]
    assert frame <= answers[ids[-1]]


# --- files that make no sense


EQ = {"bands": [], "preamp_db": 0, "preamp_auto": False, "bypass": False, "design": "matched"}
BROKEN = {
    "garbage": b"\x00\xff not json",
    "empty": b"",
    "half": json.dumps({"version": 1, "mixer": {"gain_db": -3}, "eq": EQ}).encode()[:-9],
    "another thing": b'["hello"]',
    "newer": json.dumps({"version": 2, "mixer": {"gain_db": -3}, "eq": EQ}).encode(),
    "too loud": json.dumps({"version": 1, "mixer": {"gain_db": 400}, "eq": EQ}).encode(),
    "a text": json.dumps({"version": 1, "mixer": {"gain_db": "loud"}, "eq": EQ}).encode(),
    "a band": json.dumps({"version": 1, "mixer": {}, "eq": {"bands": [{"q": 2}]}}).encode(),
    "deep": b"[" * 5000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_set_aside_and_said(begin, state, name):
    state.parent.mkdir(parents=True)
    state.write_bytes(BROKEN[name])
    daemon, client = begin()
    assert client.call("mixer.get")["gain_db"] == 0
    assert len(client.call("eq.get")["bands"]) == 10
    said = [line for line in daemon.log().splitlines() if "warning" in line]
    assert any(str(state) in line for line in said), said
    assert name != "newer" or "newer" in said[0]
    assert not state.exists()
    assert state.with_name("sound.json.bad").read_bytes() == BROKEN[name]
    client.call("mixer.set", gain_db=-4)
    end(daemon)
    assert kept(state)["mixer"]["gain_db"] == -4


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_what_is_no_file_keeps_nobody_waiting(begin, state, kind):
    state.parent.mkdir(parents=True)
    if kind == "folder":
        state.mkdir()
    else:
        os.mkfifo(state)
    daemon, client = begin()
    assert client.call("mixer.get")["gain_db"] == 0
    assert str(state) in daemon.log()


def test_where_nothing_can_be_written_that_is_said_once(make_daemon, tmp_path):
    (tmp_path / "file").write_text("no folder")
    daemon = make_daemon(f"--state={tmp_path}/file/sound.json").start()
    client = daemon.client()
    for n in range(3):
        client.call("mixer.set", gain_db=-n - 1)
        time.sleep(1.2)
    assert client.call("mixer.get")["gain_db"] == -3
    end(daemon)
    assert daemon.log().count("cannot be written") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only(make_daemon, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    daemon = make_daemon(f"--state={tmp_path}/closed/sound.json").start()
    daemon.client().call("mixer.set", gain_db=-1)
    end(daemon)
    assert daemon.log().count("cannot be written") == 1


def test_writing_costs_nothing_afterwards(begin, state):
    """The thread has gone, and no timer is left."""
    daemon, client = begin()
    client.call("mixer.set", gain_db=-5)
    eventually(state.exists)
    eventually(lambda: len(daemon.context_switches()) == 1, what="one thread")

    def steady():
        before = daemon.context_switches()
        time.sleep(0.5)
        return daemon.context_switches() == before

    eventually(steady)
