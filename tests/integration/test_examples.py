# SPDX-License-Identifier: ISC
"""Every example in the README, the man pages and the --help texts, as a reader would try it.

What is an example:
  README.md     ```sh and ```python blocks are run, in order; of ```console blocks only the names
                are checked (verbs, options, scripts, units), because they change the system
  man/*.scd     lines with "$ " in literal blocks, and indented paragraphs of EXAMPLES, are run in
                order, but for programs in NOT_HERE, whose lines are checked as above; "->" and
                "<-" in literal blocks are sent, and compared with what the daemon answers
  --help        lines below "Example:" are run, and so are commands in single quotes
Each document has a home, a daemon at the default address and sound files of its own.
"""

import collections
import json
import os
import re
import shlex
import subprocess

import pytest

from programs import BUILD, CHANT, CHANTD, SOURCE, eventually, reports, run, seconds
from rpc import Client

NOT_HERE = ("jackd", "systemctl", "journalctl", "pw-jack")
NOT_HERE_OPTIONS = ("--backend=jack",)

Example = collections.namedtuple("Example", "kind line text")  # kind: sh, python, look


# --- reading the documents


def of_markdown(text):
    kinds = {"sh": "sh", "python": "python", "console": "look"}
    found, kind, block = [], None, []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("```"):
            block.append(line)
            continue
        if kind is None:
            kind, block = line[3:].strip() or "text", []
        else:
            if kind == "python":
                found.append(Example(kind, number - len(block), "\n".join(block)))
            elif kind in kinds:
                found += [
                    Example(kinds[kind], number - len(block) + i, command)
                    for i, command in enumerate(block)
                    if command.strip()
                ]
            kind = None
    return found


def literal_blocks(text):
    """(line number, line) of what stands in literal blocks of scdoc, without its escapes."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line == "```":
            inside = not inside
        elif inside:
            yield number, re.sub(r"\\(.)", r"\1", line)


def of_man_page(text):
    found = [Example("sh", n, line[2:]) for n, line in literal_blocks(text) if line[:2] == "$ "]
    section, inside, continued = "", False, False
    for number, line in enumerate(text.splitlines(), 1):
        inside ^= line == "```"
        if line.startswith("# "):
            section = line[2:]
        if section == "EXAMPLES" and not inside and (line.startswith("\t") or continued):
            continued = line.endswith("++")
            command = re.sub(r"\\(.)", r"\1", line.strip().removesuffix("++"))
            found.append(Example("sh", number, command))
    return sorted(found, key=lambda example: example.line)


def of_help(text):
    lines = text.splitlines()
    if "Example:" not in lines:
        return []
    begin = lines.index("Example:") + 1
    return [Example("sh", i + 1, lines[i].strip()) for i in range(begin, len(lines)) if lines[i]]


def runs_elsewhere(command):
    return command.split()[0] in NOT_HERE or any(o in command for o in NOT_HERE_OPTIONS)


def read_document(name):
    if name == "chantd --help":
        found = of_help(run(CHANTD, "--help").stdout)
    else:
        text = (SOURCE / name).read_text(encoding="utf-8")
        found = of_markdown(text) if name.endswith(".md") else of_man_page(text)
    return [
        e._replace(kind="look") if e.kind == "sh" and runs_elsewhere(e.text) else e for e in found
    ]


# --- a place to run them


@pytest.fixture
def home(tmp_path, media):
    """A home with music, and a working folder with the files that examples name."""
    home = tmp_path / "home"
    album, work = home / "Music" / "album", tmp_path / "work"
    for folder in (album, work, tmp_path / "run"):
        folder.mkdir(parents=True)
    short = media.sine(3.0, suffix="flac", rate_hz=44100)
    wav = media.sine(30.0, rate_hz=44100)
    tags = {"title": "One", "artist": "Ann"}
    long, ogg = media.encode(wav, "flac", tags), media.encode(wav, "ogg", tags)
    for place, file in {
        **{album / f"{n}.flac": short for n in range(1, 13)},
        home / "Music" / "one.flac": long,
        home / "Music" / "two.ogg": ogg,
        work / "music.flac": long,
        work / "two.ogg": ogg,
    }.items():
        place.symlink_to(file)
    (work / "headphones.txt").write_text(
        "Preamp: -6.1 dB\n"
        "Filter 1: ON LSC Fc 105 Hz Gain 5.5 dB Q 0.70\n"
        "Filter 2: ON PK Fc 1900 Hz Gain -3.2 dB Q 1.40\n"
    )
    return home


def environment(home):
    """Nothing of this machine's sound or sockets."""
    env = {k: v for k, v in os.environ.items() if k not in ("CHANT_SOCKET", "NOTIFY_SOCKET")}
    env.update(
        HOME=str(home),
        XDG_RUNTIME_DIR=str(home.parent / "run"),
        XDG_STATE_HOME=str(home / ".local" / "state"),
        PATH=f"{BUILD}:{env['PATH']}",
        JACK_DEFAULT_SERVER="chant-test-no-such-server",
        LC_ALL="C.UTF-8",
        TERM="xterm-256color",
    )
    return env


PREAMBLE = r"""
set -eu -o pipefail
end() {
    code=$?
    set +ex
    for job in $(jobs -p); do
        kill "$job" 2>/dev/null
        wait "$job" || code=$?
    done
    exit $code
}
trap end EXIT
wait_for() {
    for _ in $(seq 1000); do
        chant --socket="$1" call rpc.version >/dev/null 2>&1 && return
        sleep 0.02
    done
    echo "no daemon at $1" >&2
    return 1
}
on_terminal() (
    set +o pipefail
    while sleep 0.3; do printf q || break; done 2>/dev/null | script -qec "$1" /dev/null
)
"""


def without_comment(command):
    return re.sub(r"\s+#\s.*$", "", command)


def needs_terminal(command):
    live = re.match(r"chant (spectrum|meter)\b", command)
    return live and not re.search(r"--count|[|>]", command)


def ready(place):
    """It is there; and its queue does not come to its end while an example takes its time."""
    call = f"""chant --socket="{place}" call player.mode '{{"repeat":"all"}}' >/dev/null"""
    return f'{{ wait_for "{place}"; {call}; }} 2>/dev/null'


def as_script(examples, home):
    lines = [PREAMBLE]
    commands = [without_comment(e.text) for e in examples if e.kind == "sh"]
    if not any(re.match(r"chantd\b.*&$", command) for command in commands):
        lines += ["chantd --backend=null &", ready("$XDG_RUNTIME_DIR/chant/chant.sock")]
    lines.append("set -x")
    for number, example in enumerate(examples):
        if example.kind == "python":
            path = home.parent / f"example{number}.py"
            path.write_text(example.text, encoding="utf-8")
            lines.append(f"/usr/bin/python3 {path}")
        elif example.kind == "sh":
            command = without_comment(example.text)
            if needs_terminal(command):
                command = f"on_terminal {shlex.quote(command)}"
            lines.append(command)
            if re.match(r"chantd\b.*&$", command):
                socket = re.search(r"--socket=(\S+)", command)
                place = socket.group(1) if socket else "$XDG_RUNTIME_DIR/chant/chant.sock"
                lines.append(ready(place))
    return "\n".join(lines) + "\n"


def run_examples(examples, home):
    script = home.parent / "script.sh"
    script.write_text(as_script(examples, home), encoding="utf-8")
    log = home.parent / "log"
    with open(log, "wb") as out:
        # To files: a daemon that is left over must not keep a pipe of ours open.
        process = subprocess.run(
            ["bash", script],
            cwd=home.parent / "work",
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            timeout=seconds(300),
            check=False,
        )
    said = log.read_text(encoding="utf-8", errors="replace")
    assert process.returncode == 0, f"{script.read_text(encoding='utf-8')}\n---- said\n{said}"
    assert not reports(said), said
    return said


# --- the tests

DOCUMENTS = ["README.md", "man/chant.1.scd", "man/chantd.1.scd", "man/chant-protocol.7.scd"]


@pytest.mark.parametrize("name", [*DOCUMENTS, "chantd --help"])
def test_examples_run(name, home):
    examples = read_document(name)
    assert [e for e in examples if e.kind != "look"], f"{name} has no examples"
    run_examples(examples, home)


def chant_verbs():
    """verb → its help text"""
    listed = re.findall(r"^  ([a-z]+)\s+\S", run(CHANT, "--help").stdout, re.MULTILINE)
    return {verb: run(CHANT, verb, "--help").stdout for verb in listed}


def options_in(text):
    return set(re.findall(r"(?<![\w-])--([a-z][a-z-]*)", text))


def test_commands_in_help_texts_run(home):
    verbs = chant_verbs()
    assert {"play", "gain", "spectrum"} <= set(verbs)
    quoted = [words for text in verbs.values() for words in re.findall(r"'([^'\n]+)'", text)]
    commands = ["chant add music.flac"]
    for words in map(shlex.split, quoted):
        words = words[words[0] == "chant" :]
        if words and words[0].startswith("tone:"):
            commands.append(f"chant add {shlex.quote(words[0])}")
        elif words and words[0] in verbs and not any(word.isupper() for word in words):
            commands.append(shlex.join(["chant", *words]))
    assert len(commands) > 3, quoted
    run_examples([Example("sh", 0, command) for command in commands], home)


def look_at(command, verbs, where):
    """Everything that this command names exists."""
    words = shlex.split(without_comment(command).rstrip("&"))
    while words and re.match(r"\w+=", words[0]):
        words.pop(0)
    program = words[0].removeprefix("./") if words else ""
    if program == "chantd":
        known = options_in(run(CHANTD, "--help").stdout)
    elif program == "chant":
        verb = next(word for word in words[1:] if not word.startswith("-"))
        assert verb in verbs, f"{where}: no verb {verb}"
        known = options_in(verbs[verb]) | {"json", "socket", "help"}
    else:
        known = None
    if known is not None:
        used = {word[2:].partition("=")[0] for word in words if re.match(r"--\w", word)}
        assert used <= known, f"{where}: no option {used - known}"
    for word in words:
        if word.startswith("scripts/"):
            assert (SOURCE / word).exists(), f"{where}: no {word}"
        if re.fullmatch(r"[\w-]+\.(socket|service)", word):
            units = [SOURCE / "systemd" / word, SOURCE / "systemd" / f"{word}.in"]
            assert any(unit.exists() for unit in units), f"{where}: no unit {word}"


def test_examples_that_are_not_run_name_what_exists():
    verbs = chant_verbs()
    n_seen = 0
    for name in DOCUMENTS:
        for example in read_document(name):
            if example.kind == "look":
                look_at(example.text, verbs, f"{name}:{example.line}")
                n_seen += 1
    for number, line in enumerate((SOURCE / "HACKING.md").read_text("utf-8").splitlines(), 1):
        if re.match(r"    (\w+=\S+ )*(\./chantd?|scripts/\w+)\b", line):
            look_at(line, verbs, f"HACKING.md:{number}")
            n_seen += 1
    assert n_seen > 5


def test_man_pages_and_help_texts_name_the_same_options():
    plain = {
        name: (SOURCE / "man" / f"{name}.1.scd").read_text("utf-8").replace("\\", "")
        for name in ("chantd", "chant")
    }
    in_man = set(re.findall(r"\*--([a-z-]+)\*", plain["chantd"].partition("# JACK")[0]))
    # SYNOPSIS and DESCRIPTION show --render with its value in another markup.
    assert in_man == options_in(run(CHANTD, "--help").stdout)
    verbs = chant_verbs()
    synopses = [line for line in plain["chant"].splitlines() if re.match(r"\*[a-z]", line)]
    for verb, text in verbs.items():
        mine = " ".join(s for s in synopses if re.search(rf"\*{verb}\b", s))
        assert mine, f"chant(1) says nothing of {verb}"
        listed = set(re.findall(r"^  --([a-z-]+)", text, re.MULTILINE))
        assert listed <= options_in(mine), f"chant(1) on {verb}"


# --- the dialogues of chant-protocol(7)

# What differs from run to run: only its type is compared.
VARIES = {
    *("frame", "mono_ns", "position_s", "pid", "uptime_s", "socket", "clients"),
    *("rev", "seq", "cause", "applied_at", "running", "heard_mono_ns"),
    *("peak_dbfs", "rms_dbfs", "true_peak_dbtp"),
    *("momentary_lufs", "short_term_lufs", "integrated_lufs"),
    *("callback", "xruns", "players", "commands", "drift_ppm", "frames", "requests"),
    *("recent", "histogram"),
}
MORE = "..."


def read_dialogue(text):
    """[("->" or "<-", JSON text)]"""
    found = []
    for _, line in literal_blocks(text):
        if line[:3] in ("-> ", "<- "):
            found.append([line[:2], line[3:]])
        elif line.startswith("   ") and found:
            found[-1][1] += line.strip()
    return found


def parse_abridged(text):
    """JSON in which ... stands for more members, more elements or any value."""
    out, stack = "", []
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|\.\.\.|.', text):
        if token == MORE:
            as_member = stack[-1] == "{" and not out.endswith(":")
            token = f'"{MORE}":0' if as_member else f'"{MORE}"'
        elif token in "{[":
            stack.append(token)
        elif token in "}]":
            stack.pop()
        out += token
    return json.loads(out)


def compare(shown, real, path, varies=False):
    if shown == MORE:
        return
    if isinstance(shown, dict):
        assert isinstance(real, dict), f"{path} is {real!r}"
        missing = shown.keys() - {MORE} - real.keys()
        assert not missing, f"{path} has no {missing}: {real}"
        more = real.keys() - shown.keys()
        assert MORE in shown or not more, f"{path} has also {more}"
        for key in shown.keys() - {MORE}:
            measured = key == "bands" and path.endswith(".data")
            compare(shown[key], real[key], f"{path}.{key}", varies or measured or key in VARIES)
    elif isinstance(shown, list):
        assert isinstance(real, list), f"{path} is {real!r}"
        n = shown.index(MORE) if MORE in shown else len(shown)
        assert len(real) > n if MORE in shown else len(real) == n, f"{path} is {real}"
        for i in range(n):
            compare(shown[i], real[i], f"{path}[{i}]", varies)
    elif varies:
        kinds = (int, float) if isinstance(shown, (int, float)) else type(shown)
        assert real is None or isinstance(real, kinds), f"{path} is {real!r}, not like {shown!r}"
    else:
        wanted = pytest.approx(shown, abs=1e-3) if isinstance(shown, float) else shown
        assert real == wanted, f"{path} is {real!r}"
        assert isinstance(real, bool) == isinstance(shown, bool), f"{path} is {real!r}"


class Talk:
    """One connection, on which answers and events may be asked for in any order."""

    def __init__(self, path):
        self.client = Client(path, 60)
        self.unread = []

    def find(self, shown):
        if isinstance(shown, list):
            return self._first(lambda m: isinstance(m, list))
        if "id" in shown:
            return self._first(lambda m: isinstance(m, dict) and m.get("id") == shown["id"])
        wanted = {key: shown["params"][key] for key in ("sub", "topic")}
        return self._first(
            lambda m: isinstance(m, dict) and wanted.items() <= m.get("params", {}).items()
        )

    def _first(self, fits):
        for i, message in enumerate(self.unread):
            if fits(message):
                return self.unread.pop(i)
        while not fits(message := self.client.message()):
            self.unread.append(message)
        return message


def test_dialogues_of_the_protocol(home, make_daemon):
    dialogue = read_dialogue((SOURCE / "man" / "chant-protocol.7.scd").read_text("utf-8"))
    assert len(dialogue) > 40
    music = str(home / "Music")
    # The one that ends its daemon has a daemon of its own, and who ends a connection has that.
    last = [text for _, text in dialogue if '"server.shutdown"' in text or '"id":40,' in text]
    ends = [text for _, text in dialogue if '"rpc.end"' in text]
    env = {"XDG_CONFIG_HOME": str(home / ".config")}
    main, other, third = (Talk(make_daemon(env=env).start().socket) for _ in range(3))
    for direction, text in dialogue:
        talk = other if text in last else third if text in ends else main
        if direction == "->":
            request = json.dumps(json.loads(text.replace("/home/ann/Music", music)))
            talk.client.send_bytes(request.encode() + b"\n")
            continue
        shown = parse_abridged(text.replace("/home/ann/Music", music))
        compare(shown, talk.find(shown), text[:60])
    assert not [m for m in main.unread if "error" in m], main.unread
    assert other.client.rest() == third.client.rest() == []
    main.client.close()


def test_every_method_and_error_is_described():
    text = (SOURCE / "man" / "chant-protocol.7.scd").read_text("utf-8")
    sources = (SOURCE / "daemon" / "control").glob("cmd_*.c")
    code = "".join(path.read_text("utf-8") for path in sorted(sources))
    methods = set(re.findall(r'\{\.name = "([a-z.]+)", \.run', code))
    assert len(methods) > 20
    heads = " ".join(re.findall(r"^## (.*)", text, re.MULTILINE)).replace(",", " ").split()
    assert methods <= set(heads), f"no section: {methods - set(heads)}"
    asked = set(re.findall(r'"method":"([a-z.]+)"', text))
    assert methods <= asked, f"no example: {methods - asked}"
    names = (SOURCE / "protocol" / "names.h").read_text("utf-8")
    errors = re.findall(r"X\(([A-Z_]+), (-32\d+), \d\)", names)
    assert len(errors) > 10
    for name, number in errors:
        assert re.search(rf"^[|\[]+  ?{name}\n:  {number}\n", text, re.MULTILINE), name


def test_a_socket_is_no_file(daemon):
    """What the page says about `echo > socket`: it fails, and nothing happens."""
    said = run("bash", "-c", f"echo '{{}}' > {shlex.quote(str(daemon.socket))}")
    assert said.returncode != 0 and "No such device" in said.stderr
    eventually(lambda: daemon.client().call("rpc.version"))
