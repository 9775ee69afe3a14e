import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from lambdasim.core.errors import SpecError
from lambdasim.functions import store


def read(directory, path: str) -> str:
    return (directory / path).read_text()


def test_it_keeps_contents_executable_bits_and_links(make_tree):
    source = make_tree("code", {"app.py": "x = 1", "bin/run": "#!/bin/sh"})
    (source / "alias").symlink_to("app.py")
    kept = store.directory_of(store.add(source))
    assert read(kept, "app.py") == "x = 1"
    assert os.readlink(kept / "alias") == "app.py"
    assert (kept / "app.py").stat().st_mode & 0o777 == 0o444
    assert (kept / "bin/run").stat().st_mode & 0o777 == 0o555


def test_what_is_stored_does_not_change_with_its_source(make_tree):
    source = make_tree("code", {"app.py": "x = 1"})
    kept = store.directory_of(store.add(source))
    (source / "app.py").write_text("x = 2")
    assert read(kept, "app.py") == "x = 1"
    assert store.add(source) != kept.name


def test_equal_content_has_one_address_wherever_it_lies(make_tree, tmp_path):
    source = make_tree("code", {"a/one": "1", "b/two": "#!2"})
    elsewhere = shutil.copytree(source, tmp_path / "elsewhere")
    os.utime(elsewhere / "a/one", (1, 1))
    assert store.add(source) == store.add(elsewhere)
    assert len(os.listdir(store.directory_of("x").parent)) == 1


@pytest.mark.parametrize("change", [
    lambda tree: (tree / "a/one").write_text("changed"),
    lambda tree: (tree / "a/one").chmod(0o755),
    lambda tree: (tree / "a/one").rename(tree / "a/eno"),
    lambda tree: (tree / "empty").mkdir(),
    lambda tree: (tree / "link").symlink_to("a"),
], ids=["content", "executable bit", "name", "empty directory", "link"])
def test_any_difference_that_a_function_could_see_changes_the_address(make_tree, change):
    tree = make_tree("code", {"a/one": "1"})
    before = store.tree_sha256(tree)
    change(tree)
    assert store.tree_sha256(tree) != before


def test_bytecode_that_an_interpreter_left_is_no_part_of_the_code(make_tree):
    tree = make_tree("code", {"app.py": "x = 1"})
    before = store.tree_sha256(tree)
    make_tree("code", {"__pycache__/app.cpython-311.pyc": "…"})
    assert store.add(tree) == before
    assert not (store.directory_of(before) / "__pycache__").exists()


def test_it_refuses_what_is_no_directory_and_what_is_no_file(make_tree, tmp_path):
    with pytest.raises(SpecError, match="is not a directory"):
        store.add(tmp_path / "nowhere")
    tree = make_tree("code", {"app.py": ""})
    os.mkfifo(tree / "pipe")
    with pytest.raises(SpecError, match="pipe is neither"):
        store.add(tree)


def test_adding_at_the_same_time_ends_with_one_whole_directory(make_tree):
    tree = make_tree("code", {f"file-{number}": str(number) for number in range(50)})
    with ThreadPoolExecutor(6) as pool:
        digests = set(pool.map(lambda _: store.add(tree), range(6)))
    (digest,) = digests
    assert len(os.listdir(store.directory_of(digest))) == 50
    assert os.listdir(store.directory_of(digest).parent) == [digest]


def test_layers_are_merged_in_order_and_later_ones_win(make_tree):
    first = store.add(make_tree("first", {"extensions/one": "#!1", "shared": "first", "shape": "file"}))
    second = store.add(make_tree("second", {"extensions/two": "#!2", "shared": "second", "shape/inside": "directory"}))
    opt = store.opt_directory([first, second])
    assert store.extensions_in(opt) == ["one", "two"]
    assert read(opt, "shared") == "second"
    assert read(opt, "shape/inside") == "directory"
    other_way_round = store.opt_directory([second, first])
    assert read(other_way_round, "shared") == "first"
    assert read(other_way_round, "shape") == "file"
    # The layers themselves are as they were
    assert read(store.directory_of(first), "shared") == "first"


def test_merged_layers_are_made_once_and_take_no_room(make_tree):
    layers = [store.add(make_tree(name, {f"bin/{name}": "#!x"})) for name in ("a", "b")]
    opt = store.opt_directory(layers)
    assert (opt / "bin/a").samefile(store.directory_of(layers[0]) / "bin/a")
    made = opt.stat().st_ctime_ns
    assert store.opt_directory(layers) == opt
    assert opt.stat().st_ctime_ns == made


def test_without_layers_there_is_no_opt():
    assert store.opt_directory([]) is None


def test_extensions_are_whatever_is_no_directory_sorted_by_bytes(make_tree):
    files = {"extensions/b": "#!", "extensions/B": "", "extensions/.hidden": "", "extensions/lib/x": ""}
    layer = make_tree("layer", files)
    (layer / "extensions/dangling").symlink_to("nowhere")
    assert store.extensions_in(layer) == [".hidden", "B", "b", "dangling"]
    assert store.extensions_in(layer / "extensions/lib") == []
