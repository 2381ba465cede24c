"""Settings come from defaults, the file and the environment, in rising order."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mcp_toolweaver.config import Configuration, DownstreamSettings, EmbeddingSettings, ExposeSettings, Settings, load


def loaded(folder: Path, toolweaver: Any, **environ: str) -> Configuration:
    file = folder / "mcp.json"
    file.write_text(json.dumps({"mcpServers": {}, "toolweaver": toolweaver}), encoding="utf-8")
    return load(file, environ)


def test_the_defaults_are_sensible() -> None:
    settings = Settings()
    assert settings.expose.direct_threshold == 20
    assert (settings.downstream.connect_timeout, settings.downstream.call_timeout) == (60.0, 60.0)
    assert (settings.embedding.enabled, settings.embedding.model) == (True, "all-MiniLM-L6-v2")
    assert 0 <= settings.search.meaning_weight <= 1
    assert settings.log_level == "info"


def test_folders_follow_the_platforms_rules_at_the_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert (Settings().data_dir, Settings().cache_dir) == (tmp_path / "data/toolweaver", tmp_path / "cache/toolweaver")


def test_settings_do_not_read_the_environment_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLWEAVER_LOG_LEVEL", "error")
    assert Settings().log_level == "info"


def test_loading_reads_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLWEAVER_LOG_LEVEL", "error")
    assert load(None).settings.log_level == "error"


def test_settings_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"expose": {"treshold": 1}})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        setattr(Settings(), "log_level", "debug")  # noqa: B010  # type checkers know it already
    with pytest.raises(ValidationError):
        setattr(Settings().expose, "direct_threshold", 5)  # noqa: B010


def test_the_file_overrides_the_defaults(tmp_path: Path) -> None:
    table = {"expose": {"direct_threshold": 0}, "embedding": {"enabled": False, "model": "./m"}, "data_dir": "/d"}
    configuration = loaded(tmp_path, table)
    assert configuration.problems == ()
    assert configuration.settings.expose == ExposeSettings(direct_threshold=0)
    assert (configuration.settings.embedding.enabled, configuration.settings.embedding.model) == (False, "./m")
    assert configuration.settings.data_dir == Path("/d")


def test_a_toml_table_has_settings_too(tmp_path: Path) -> None:
    file = tmp_path / "mcp.toml"
    file.write_text('[mcpServers]\n[toolweaver]\nlog_level = "debug"\n[toolweaver.downstream]\ncall_timeout = 5\n')
    configuration = load(file, {})
    assert configuration.problems == ()
    assert configuration.settings.log_level == "debug"
    assert configuration.settings.downstream == DownstreamSettings(call_timeout=5.0)


def test_the_environment_overrides_the_file_and_leaves_its_neighbours(tmp_path: Path) -> None:
    table = {"downstream": {"connect_timeout": 1, "call_timeout": 2}, "log_level": "error"}
    environ = {"TOOLWEAVER_DOWNSTREAM__CALL_TIMEOUT": "3.5", "TOOLWEAVER_LOG_LEVEL": "debug"}
    configuration = loaded(tmp_path, table, **environ)
    assert configuration.problems == ()
    assert configuration.settings.downstream == DownstreamSettings(connect_timeout=1, call_timeout=3.5)
    assert configuration.settings.log_level == "debug"


def test_the_environment_may_give_a_part_as_json(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, {}, TOOLWEAVER_EMBEDDING='{"enabled": false}')
    assert configuration.problems == ()
    assert not configuration.settings.embedding.enabled


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, {"log_level": "error"}, TOOLWEAVER_LOG_LEVEL="", TOOLWEAVER_DATA_DIR="")
    assert configuration.problems == ()
    assert configuration.settings.log_level == "error"


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    assert loaded(tmp_path, {}, TOOLWEAVER_CONFIG="x", LOG_LEVEL="y").problems == ()


@pytest.mark.parametrize("level", ["DEBUG", "Debug"])
def test_a_log_level_may_be_written_in_capitals(tmp_path: Path, level: str) -> None:
    assert loaded(tmp_path, {"log_level": level}).settings.log_level == "debug"


def test_a_tilde_is_the_home_folder(tmp_path: Path) -> None:
    assert loaded(tmp_path, {"cache_dir": "~/c"}).settings.cache_dir == Path.home() / "c"


@pytest.mark.parametrize(
    ("table", "key", "message", "fix"),
    [
        (
            {"expose": {"direct_treshold": 3}},
            ".expose.direct_treshold",
            "is not a setting",
            "did you mean direct_threshold?",
        ),
        ({"Embeding": {}}, ".Embeding", "is not a setting", "did you mean embedding?"),
        (
            {"zzz": 1},
            ".zzz",
            "is not a setting",
            "use one of expose, downstream, embedding, search, index, cache, results, serve, registry, profiles, ",
        ),
        ({"_env_file": "/etc/passwd"}, "._env_file", "is not a setting", "use one of"),
        ({"_cli_parse_args": True}, "._cli_parse_args", "is not a setting", "use one of"),
        (
            {"expose": {"direct_threshold": "many"}},
            ".expose.direct_threshold",
            "should be a valid integer",
            "correct or",
        ),
        ({"expose": {"direct_threshold": 2.5}}, ".expose.direct_threshold", "should be a valid integer", "correct or"),
        ({"expose": {"direct_threshold": True}}, ".expose.direct_threshold", "should be a number", "correct or"),
        ({"expose": {"direct_threshold": -1}}, ".expose.direct_threshold", "greater than or equal to 0", "correct or"),
        ({"downstream": {"call_timeout": 0}}, ".downstream.call_timeout", "should be greater than 0", "correct or"),
        ({"downstream": {"call_timeout": 10**400}}, ".downstream.call_timeout", "should be", "correct or"),
        ({"downstream": {"call_timeout": float("inf")}}, ".downstream.call_timeout", "finite", "correct or"),
        ({"embedding": {"enabled": "perhaps"}}, ".embedding.enabled", "should be a valid boolean", "correct or"),
        ({"embedding": {"model": None}}, ".embedding.model", "should be a valid string", "correct or"),
        ({"embedding": False}, ".embedding", "should be an object", "correct or"),
        ({"search": {"meaning_weight": 1.2}}, ".search.meaning_weight", "less than or equal to 1", "correct or"),
        ({"search": {"meaning_weight": -0.1}}, ".search.meaning_weight", "greater than or equal to 0", "correct or"),
        ({"search": {"meaning_weight": float("nan")}}, ".search.meaning_weight", "greater than or equal", "correct or"),
        ({"search": {"meaning_weight": True}}, ".search.meaning_weight", "should be a number", "correct or"),
        ({"data_dir": 5}, ".data_dir", "should be the path of a folder", "correct or"),
        ({"cache_dir": ""}, ".cache_dir", "should be the path of a folder", "correct or"),
        ({"log_level": 5}, ".log_level", "should be 'debug', 'info', 'warning' or 'error'", "correct or"),
        ({"log_level": "loud"}, ".log_level", "should be 'debug', 'info', 'warning' or 'error'", "correct or"),
        ([], "", "should be an object", "correct or"),
    ],
)
def test_a_wrong_setting_is_reported_and_its_default_kept(
    tmp_path: Path, table: Any, key: str, message: str, fix: str
) -> None:
    configuration = loaded(tmp_path, table)
    (problem,) = configuration.problems
    assert problem.key == f"toolweaver{key}"
    assert message in problem.message
    assert problem.fix.startswith(fix)
    assert configuration.settings == Settings()


def test_a_wrong_setting_keeps_no_other_from_counting(tmp_path: Path) -> None:
    table = {"downstream": {"call_timeout": "x", "connect_timeout": 5, "y": 1}, "log_level": "debug"}
    configuration = loaded(tmp_path, table)
    assert len(configuration.problems) == 2
    assert configuration.settings.downstream == DownstreamSettings(connect_timeout=5)
    assert configuration.settings.log_level == "debug"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOOLWEAVER_DOWNSTREAM__CALL_TIMEOUT", "soon"),
        ("TOOLWEAVER_DOWNSTREAM__CALL_TIMEOUT__X", "1"),
        ("TOOLWEAVER_DOWNSTREAM__CAL_TIMEOUT", "1"),
        ("TOOLWEAVER_DOWNSTREAM", "{no json"),
        ("TOOLWEAVER_DOWNSTREAM", "[" * 100_000),
        ("TOOLWEAVER_DOWNSTREAM", "5"),
    ],
)
def test_a_wrong_variable_is_reported_and_the_file_counts(tmp_path: Path, name: str, value: str) -> None:
    configuration = loaded(tmp_path, {"downstream": {"call_timeout": 7}}, **{name: value})
    (problem,) = configuration.problems
    assert problem.file == "environment"
    assert problem.key == name.removesuffix("__X")
    assert configuration.settings.downstream == DownstreamSettings(call_timeout=7)


@pytest.mark.parametrize("device", ["nonsense", "cuda:", "cuda:1\n", "cpu:0", 5, None])
def test_a_device_that_is_none_is_answered_with_those_that_are(device: object) -> None:
    with pytest.raises(ValidationError, match="auto, cpu, mps, cuda, or one card such as cuda:1"):
        EmbeddingSettings.model_validate({"device": device})


@pytest.mark.parametrize("device", ["auto", "CPU", "mps", "cuda", "Cuda:12"])
def test_devices_are_named_as_torch_names_them(device: str) -> None:
    assert EmbeddingSettings.model_validate({"device": device}).device == device.lower()


def test_a_mode_alone_says_what_is_listed(tmp_path: Path) -> None:
    read = loaded(tmp_path, {"expose": "Dynamic"})
    assert (read.settings.expose.mode, read.problems) == ("dynamic", ())


def test_pinned_tools_and_modes_of_hosts_are_read(tmp_path: Path) -> None:
    expose = {"mode": "search", "pin": ["a__b"], "clients": {"cursor*": "direct"}}
    settings = loaded(tmp_path, {"expose": expose}).settings.expose
    assert (settings.mode, settings.pin, settings.clients) == ("search", ("a__b",), {"cursor*": "direct"})


def test_a_mode_that_is_none_is_told_with_those_that_are(tmp_path: Path) -> None:
    read = loaded(tmp_path, {"expose": "everything"})
    assert read.settings.expose.mode == "auto"
    assert "'dynamic'" in str(read.problems[0])
