# SPDX-License-Identifier: ISC
"""Presets of the equaliser: the built-in ones, and files of the user."""

import json
import os

import numpy
import pytest

from figures import figure
from programs import CHANT, run
from rpc import RpcError

BUILTIN = ["flat", "bass", "vocal", "bright", "warm", "loudness", "speech", "night"]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "config" / "chant" / "presets"


@pytest.fixture
def client(make_daemon, tmp_path):
    return make_daemon(env={"XDG_CONFIG_HOME": str(tmp_path / "config")}).start().client()


def names(client, builtin=False):
    return [p["name"] for p in client.call("eq.presets")["presets"] if p["builtin"] == builtin]


def refused(client, method, **params):
    with pytest.raises(RpcError) as error:
        client.call(method, **params)
    return error.value


def response(client, freqs):
    return numpy.array(client.call("eq.response", freqs_hz=list(freqs))["gains_db"])


def test_built_in(client):
    assert names(client, True) == BUILTIN and names(client) == []
    freqs = numpy.geomspace(20, 20000, 500)
    for name in BUILTIN:
        answer = client.call("eq.preset.load", name=name)
        assert answer["preset"] == name and answer["preamp_auto"] and "applied_at" in answer
        curve = response(client, freqs)
        assert curve.max() < 0.02
        assert (curve == 0).all() == (name == "flat")
        assert numpy.ptp(curve[(freqs > 150) & (freqs < 8000)]) < 8  # gentle
    assert client.call("eq.presets")["preset"] == "night"


def equal_loudness():
    """Frequencies of ISO 226:2003 and what 60 phon needs beyond 75, 1 kHz at 0 dB."""
    table = """20 .532 -31.6 78.5;25 .506 -27.2 68.7;31.5 .48 -23 59.5;40 .455 -19.1 51.1
        50 .432 -15.9 44;63 .409 -13 37.5;80 .387 -10.3 31.5;100 .367 -8.1 26.5
        125 .349 -6.2 22.1;160 .33 -4.5 17.9;200 .315 -3.1 14.4;250 .301 -2 11.4
        315 .288 -1.1 8.6;400 .276 -.4 6.2;500 .267 0 4.4;630 .259 .3 3;800 .253 .5 2.2
        1000 .25 0 2.4;1250 .246 -2.7 3.5;1600 .244 -4.1 1.7;2000 .243 -1 -1.3
        2500 .243 1.7 -4.2;3150 .243 2.5 -6;4000 .242 1.2 -5.4;5000 .242 -2.1 -1.5
        6300 .245 -7.1 6;8000 .254 -11.2 12.6;10000 .271 -10.7 13.9;12500 .301 -3.1 12.3"""
    rows = numpy.array([r.split() for r in table.replace("\n", ";").split(";")], float)
    f, a, u, t = rows.T

    def contour(phon):
        x = 4.47e-3 * (10 ** (0.025 * phon) - 1.15) + (0.4 * 10 ** ((t + u) / 10 - 9)) ** a
        return 10 / a * numpy.log10(x) - u + 94

    difference = (contour(60) - 60) - (contour(75) - 75)
    return f, difference - difference[f == 1000]


def test_loudness_is_equal_loudness(client):
    f, wanted = equal_loudness()
    client.call("eq.preset.load", name="loudness")
    curve = response(client, f)
    error_db = numpy.abs(curve - curve[f == 1000] - wanted).max()
    figure("eq", "preset loudness against ISO 226:2003, 60 - 75 phon", error_db, "<=", 0.75, "dB")
    assert error_db <= 0.75


def test_the_name_goes_with_any_change(client):
    assert client.call("eq.get")["preset"] is None
    client.call("eq.preset.load", name="bass")
    assert client.call("eq.set", bypass=True)["preset"] == "bass"
    assert client.call("eq.set", bypass=False)["preset"] == "bass"
    assert client.call("eq.band", index=0, gain_db=1)["preset"] is None
    client.call("eq.preset.load", name="bass")
    assert client.call("eq.set", design="rbj")["preset"] is None
    client.call("eq.preset.load", name="bass")
    assert client.call("eq.graphic", layout="iso10")["preset"] is None


def test_saved_and_loaded(client, folder):
    bands = [
        {"type": "low_shelf", "freq_hz": 90.5, "gain_db": 4, "slope": 0.5},
        {"type": "high_pass", "freq_hz": 30, "family": "butterworth", "order": 4},
        {"type": "peak", "freq_hz": 2000, "gain_db": -2, "q": 3, "bypass_left": True},
    ]
    before = client.call("eq.set", bands=bands, preamp_db=-3.5, design="rbj")
    client.call("eq.preset.save", name="My röom #1")
    assert client.call("eq.get")["preset"] == "My röom #1"
    saved = json.loads((folder / "My röom #1.json").read_text())
    assert saved["preamp_db"] == -3.5 and len(saved["bands"]) == 3
    assert sorted(os.listdir(folder)) == ["My röom #1.json"]  # no temporary file is left
    client.call("eq.preset.load", name="flat")
    after = client.call("eq.preset.load", name="My röom #1")
    same = ("bands", "preamp_db", "preamp_auto", "design", "graphic")
    assert {k: after[k] for k in same} == {k: before[k] for k in same}
    assert names(client) == ["My röom #1"]
    client.call("eq.preset.delete", name="My röom #1")
    assert names(client) == [] and refused(
        client, "eq.preset.load", name="My röom #1"
    ).name == "NOT_FOUND"


def test_sliders_are_saved_as_sliders(client):
    gains = [1, -2, 3, 0, 0, -4, 5, 0, 2, 1]
    before = client.call("eq.graphic", layout="iso10", gains_db=gains)
    client.call("eq.preset.save", name="sliders", description="ten of them")
    client.call("eq.preset.load", name="flat")
    after = client.call("eq.preset.load", name="sliders")
    assert after["graphic"]["gains_db"] == gains and after["bands"] == before["bands"]
    assert after["preset"] == "sliders"
    assert client.call("eq.presets")["presets"][-1]["description"] == "ten of them"


def test_nothing_is_replaced_by_accident(client):
    client.call("eq.preset.load", name="bass")
    client.call("eq.preset.save", name="mine")
    assert refused(client, "eq.preset.save", name="mine").name == "CONFLICT"
    client.call("eq.preset.load", name="warm")
    client.call("eq.preset.save", name="mine", replace=True)
    warm = client.call("eq.preset.load", name="warm")["bands"]
    assert client.call("eq.preset.load", name="mine")["bands"] == warm
    for method in ("eq.preset.save", "eq.preset.delete"):
        assert refused(client, method, name="bass").name == "CONFLICT"
    assert refused(client, "eq.preset.delete", name="yours").name == "NOT_FOUND"


@pytest.mark.parametrize("name", ["", ".", "..", ".x", "a/b", "/x", "x" * 65, "ü" * 65, "a\nb"])
@pytest.mark.parametrize("method", ["eq.preset.load", "eq.preset.save", "eq.preset.delete"])
def test_names_that_are_no_names(client, method, name):
    error = refused(client, method, name=name)
    assert error.name == "INVALID_PARAMS" and error.data["param"] == "name"


def test_a_long_name(client):
    client.call("eq.preset.save", name="é" * 64)
    assert names(client) == ["é" * 64]
    assert client.call("eq.preset.load", name="é" * 64)["preset"] == "é" * 64


def test_files_dropped_in_by_hand(client, folder):
    folder.mkdir(parents=True)
    (folder / "hand.json").write_text('{"bands": [{"freq_hz": 100, "gain_db": 3, "q": 1}]}')
    (folder / "apo.txt").write_text("Preamp: -2 dB\nFilter 1: ON PK Fc 500 Hz Gain 2 dB Q 1\n")
    (folder / "bass.json").write_text("{}")  # doesn't stand before the built-in one
    (folder / ".hidden.json").write_text("{}")
    (folder / "notes.md").write_text("no preset")
    assert names(client) == ["apo", "hand"]
    assert client.call("eq.preset.load", name="hand")["preamp_auto"]
    apo = client.call("eq.preset.load", name="apo")
    assert apo["preamp_db"] == -2 and apo["design"] == "rbj" and apo["preset"] == "apo"
    # What eq.get said is a preset.
    (folder / "got.json").write_text(json.dumps(client.call("eq.get")))
    assert client.call("eq.preset.load", name="got")["bands"] == apo["bands"]


@pytest.mark.parametrize(
    "text, said",
    [
        ('{"bands": [\n  {"freq_hz": 100,\n}]}', "line 3"),
        ('{"bands": [{"freq_hz": 1}]}', "freq_hz"),
        ('{"bands": [{"freq_hz": 100, "q": "x"}]}', "'q'"),
        ('{"bands": [{"freq_hz": 100}], "volume": 1}', "volume"),
        ('{"preamp_db": 1}', "bands"),
        ("[]", "line 1"),
        ("", "line 1"),
    ],
)
def test_a_broken_file_says_where(client, folder, text, said):
    folder.mkdir(parents=True)
    (folder / "broken.json").write_text(text)
    client.call("eq.preset.load", name="warm")
    before = client.call("eq.get")
    error = refused(client, "eq.preset.load", name="broken")
    assert error.name == "INVALID_PARAMS"
    assert "broken.json" in error.data["detail"] and said in error.data["detail"]
    assert client.call("eq.get") == before
    listed = client.call("eq.presets")["presets"][-1]
    assert listed["name"] == "broken" and said in listed["broken"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_files_of_other_encodings(client, folder, encoding):
    """As editors and shells of Windows save them."""
    folder.mkdir(parents=True)
    (folder / "a.json").write_bytes('{"description": "Küche", "bands": []}'.encode(encoding))
    text = "# Küche\r\nPreamp: -2 dB\r\nFilter 1: ON PK Fc 500 Hz Gain 2 dB Q 1\r\n"
    (folder / "b.txt").write_bytes(text.encode(encoding))
    listed = client.call("eq.presets")["presets"][len(BUILTIN) :]
    assert [(p["name"], p["description"]) for p in listed] == [("a", "Küche"), ("b", None)]
    assert "broken" not in listed[0]
    assert client.call("eq.preset.load", name="a")["bands"] == []
    assert client.call("eq.preset.load", name="b")["preamp_db"] == -2


def test_one_name_is_told_once(client, folder):
    """Whatever stands between its two files in the order of names."""
    folder.mkdir(parents=True)
    (folder / "rock.txt").write_text("Preamp: -3 dB\n")
    for name in ("rock", "rock.loud"):
        (folder / f"{name}.json").write_text('{"bands":[]}')
    names = [preset["name"] for preset in client.call("eq.presets")["presets"]]
    assert sorted(name for name in names if "rock" in name) == ["rock", "rock.loud"]


def test_a_text_of_no_use_says_where(client, folder):
    folder.mkdir(parents=True)
    (folder / "poem.txt").write_text("\nRoses are red\n")
    error = refused(client, "eq.preset.load", name="poem")
    assert "poem.txt: line 2" in error.data["detail"]
    assert "line 2" in client.call("eq.presets")["presets"][-1]["broken"]


def test_a_text_says_what_it_could_not_use(client, folder):
    folder.mkdir(parents=True)
    (folder / "part.txt").write_text("Preamp: -2 dB\nDelay: 3 ms\nGraphicEQ: 20 0; 9000 -3\n")
    assert "broken" not in client.call("eq.presets")["presets"][-1]
    answer = client.call("eq.preset.load", name="part")
    assert [note["line"] for note in answer["ignored"]] == [2] and answer["used"] == 2
    assert answer["preset"] == "part"
    landed = client.call("tx", ops=[{"method": "eq.preset.load", "params": {"name": "part"}}])
    assert landed["results"][0]["n_ignored"] == 1
    assert "ignored" not in client.call("eq.preset.load", name="warm")


def test_what_is_no_file(client, folder):
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pipe.json")
    (folder / "dir.json").mkdir()
    for name in ("pipe", "dir"):
        assert refused(client, "eq.preset.load", name=name).name == "INVALID_PARAMS"
    assert len(client.call("eq.presets")["presets"]) == len(BUILTIN) + 2


def test_without_a_home(make_daemon):
    daemon = make_daemon(env={"HOME": "", "XDG_CONFIG_HOME": ""}).start()
    client = daemon.client()
    listed = client.call("eq.presets")
    assert [p["name"] for p in listed["presets"]] == BUILTIN and listed["folder"] is None
    assert client.call("eq.preset.load", name="night")["preset"] == "night"
    for method in ("eq.preset.load", "eq.preset.save", "eq.preset.delete"):
        error = refused(client, method, name="mine")
        assert error.name == "UNAVAILABLE" and "HOME" in error.data["detail"]


def test_a_folder_that_can_not_be_written(client, tmp_path):
    (tmp_path / "config").write_text("a file")
    assert refused(client, "eq.preset.save", name="x").name in ("NOT_FOUND", "UNAVAILABLE")


# --- the client


@pytest.fixture
def chant(make_daemon, tmp_path):
    daemon = make_daemon(env={"XDG_CONFIG_HOME": str(tmp_path / "config")}).start()
    return lambda *words, **more: run(
        CHANT, "eq", *words, env={"CHANT_SOCKET": str(daemon.socket)}, cwd=tmp_path, **more
    )


def test_chant_eq_preset(chant, tmp_path):
    assert [p["name"] for p in json.loads(chant("presets").stdout)["presets"]] == BUILTIN
    assert chant("preset", "load", "warm").returncode == 0
    assert json.loads(chant().stdout)["preset"] == "warm"
    assert chant("preset", "save", "a b").returncode == 0
    again = chant("preset", "save", "a b")
    assert again.returncode == 1 and "CONFLICT" in again.stderr
    assert chant("preset", "save", "a b", "--replace").returncode == 0
    assert chant("preset", "delete", "a b").returncode == 0
    assert chant("preset", "load", "a b").returncode == 5
    part = tmp_path / "config" / "chant" / "presets" / "part.txt"
    part.write_text("Preamp: -2 dB\nDelay: 3 ms\n")
    done = chant("preset", "load", "part")
    assert done.returncode == 0 and "part:2: there is no delay here" in done.stderr
    for words in (["preset"], ["preset", "load"], ["preset", "sing", "x"], ["presets", "x"]):
        assert chant(*words).returncode == 2
    assert chant("preset", "load", "warm", "--replace").returncode == 2
    assert chant("presets", "--format", "apo").returncode == 2


def test_chant_eq_import_and_export(chant, tmp_path):
    (tmp_path / "a.txt").write_text("Preamp: -3 dB\nFilter 1: ON PK Fc 80 Hz Gain 3 dB Q 1\n")
    done = chant("import", "a.txt")
    assert (done.returncode, done.stderr) == (0, "")
    assert chant("export").stdout == (tmp_path / "a.txt").read_text()
    some = chant("import", "-", stdin="Preamp: -2 dB\nDelay: 3 ms\n")
    assert some.returncode == 1 and "-:2: there is no delay here: Delay: 3 ms" in some.stderr
    none = chant("import", "-", stdin="Delay: 3 ms\n")
    assert none.returncode == 1 and "INVALID_PARAMS" in none.stderr
    assert json.loads(chant().stdout)["preamp_db"] == -2
    assert chant("import", "none.txt").returncode == 5
    assert chant("import", "a.txt", "--format", "camilladsp").returncode == 1
    chant("import", "a.txt")
    written = chant("export", "b.yml", "--format", "camilladsp")
    assert (written.returncode, written.stderr) == (0, "")
    assert chant("import", "b.yml").returncode == 0
    assert "not said" in chant("export", "--format", "rew").stderr
    assert chant("export", "--format", "wav").returncode == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_chant_eq_reads_other_encodings(chant, tmp_path, encoding):
    """What `chant eq export > FILE` leaves in PowerShell, and editors save."""
    text = "# Küche\r\nPreamp: -2 dB\r\nFilter 1: ON PK Fc 500 Hz Gain 2 dB Q 1\r\nHöhe\r\n"
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    done = chant("import", "a.txt")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "a.txt:4: " in done.stderr and "Höhe" in done.stderr
    assert json.loads(chant().stdout)["preamp_db"] == -2
    (tmp_path / "a.json").write_bytes('{"preamp_db": -5}'.encode(encoding))
    assert chant("load", "a.json").returncode == 0
    assert json.loads(chant().stdout)["preamp_db"] == -5


def test_chant_eq_import_of_what_is_no_text(chant, tmp_path):
    for name, data in (("a", bytes(range(256)) * 40), ("b", b"\1" * 400000), ("c", b"\n" * 400000)):
        (tmp_path / name).write_bytes(data)
        done = chant("import", name)
        assert done.returncode == 1 and done.stderr.startswith("chant: ")
        assert "U+0000" not in done.stderr
