from bench.crossings import CrossingsConfig, Scene, run
from bench.tables.recognition import crossings_table

PAIR = "squat,clap"


def test_a_scene_knows_who_is_who_in_a_time_of_its_own() -> None:
    scene = Scene(PAIR, CrossingsConfig(minutes=0.2), camera=True)
    times = [frame.captured_ns for frame in scene]
    assert len(times) == 360
    assert times[30] == 10**9
    assert (scene.switches, scene.numbers) == (0, 2)
    assert {scene.action_of(track) for track in (0, 1)} == {"squat", "clap"}


def test_captions_are_counted_by_whose_they_are() -> None:
    results = run(CrossingsConfig(minutes=0.2, pairs=(PAIR,)))
    depth, camera = results["rows"]
    assert (depth["view"], camera["view"]) == ("depth sensor", "camera")
    assert depth["crossings"] == 2
    assert depth["windows"] > 16
    assert sum(depth[kind] for kind in ("right", "other's", "wrong", "none")) > 0.999
    origin = {
        "date": "",
        "commit": "",
        "command": "",
        "machine": {"cpu": "", "cores": 2, "memory_gib": 1, "load": 0, "system": ""},
    }
    assert "| squat / clap | camera | 2 |" in crossings_table({"crossings": {"results": results, **origin}})
