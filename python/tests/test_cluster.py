"""Dask on a cluster of two worker processes.

`MINIEXPR_CLUSTER_ITEMS` asks for so many items in the test of memory, 100000000 being those of its last measurement.
"""

import contextlib
import os
import pathlib
import re
import signal
import sys

import dask.array as da
import numpy as np
import pytest
from dask.base import tokenize
from distributed import Client, Event, LocalCluster, Variable

import miniexpr as me
import miniexpr.dask
from miniexpr import _binding

ITEMS = int(os.environ.get("MINIEXPR_CLUSTER_ITEMS", 10_000_000))
CHUNK = 1_000_000
# Of a worker, above what it takes before: a handful of chunks of 8 MB.
MOST_BYTES = 160_000_000

pytestmark = pytest.mark.filterwarnings("ignore")


@contextlib.contextmanager
def cluster():
    """A client of two worker processes."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "memory_limit": "600MB"}
    with LocalCluster(dashboard_address=None, **options) as workers, Client(workers) as client:
        client.wait_for_workers(2)
        yield client


@pytest.fixture(scope="module")
def client():
    with cluster() as client:
        yield client


@me.kernel
def collatz(n):
    steps = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def test_results_are_those_of_numpy(client):
    x = np.random.default_rng(1).normal(size=(60, 50))
    y = np.linspace(0, 1, 50)
    lazy = {"x": da.from_array(x, chunks=(17, 20)), "y": da.from_array(y, chunks=30)}
    scaled = me.dask.evaluate("(x - mean(x, axis=0)) / std(x, axis=0) + y", lazy)
    np.testing.assert_allclose(client.compute(scaled).result(), (x - x.mean(0)) / x.std(0) + y, rtol=1e-12)
    place = me.dask.evaluate("argmax(x * y, axis=1)", lazy)
    np.testing.assert_array_equal(client.compute(place).result(), np.argmax(x * y, axis=1))
    counts = da.map_blocks(collatz, da.arange(1, 1001, chunks=99))
    np.testing.assert_array_equal(client.compute(counts).result(), collatz(np.arange(1, 1001)))


def test_tokens_are_those_of_every_process(client):
    f = me.compile("a + b", a="f4", b="f8")
    tokens = client.run(lambda: tokenize(me.compile("a + b", a="f4", b="f8")))
    assert set(tokens.values()) == {tokenize(f)}


def test_a_worker_compiles_an_expression_once(client):
    f = me.compile("a * 31 + 7", a="f8")
    worker = next(iter(client.scheduler_info()["workers"]))
    places = [client.submit(id, f, pure=False, workers=[worker]).result() for _ in range(3)]
    assert len(set(places)) == 1


def test_tasks_have_one_thread_unless_asked(client):
    assert _binding.default_threads() == -1
    assert client.submit(_binding.default_threads, pure=False).result() == 1

    def asked():
        before = me.set_num_threads(2)
        try:
            return _binding.default_threads()
        finally:
            me.set_num_threads(0)
            assert before >= 1

    assert client.submit(asked, pure=False).result() == -1
    assert client.submit(_binding.default_threads, pure=False).result() == 1


def pausing(block_info=None):
    """A chunk of ones; the fifth waits until it is told to go on."""
    (place,) = block_info[None]["chunk-location"]
    if place == 5:
        Variable("miniexpr-pid").set(os.getpid())
        Event("miniexpr-started").set()
        Event("miniexpr-go").wait()
    return np.full(block_info[None]["chunk-shape"], float(place))


def test_a_worker_that_is_killed(client):
    x = da.map_blocks(pausing, chunks=((1000,) * 12,), dtype="f8")
    future = client.compute(me.dask.evaluate("x - mean(x) + sum(x)", {"x": x}))
    assert Event("miniexpr-started").wait(60)
    # The worker that waits is the one to go.
    pid = Variable("miniexpr-pid").get(60)
    os.kill(pid, signal.SIGKILL)
    Event("miniexpr-go").set()
    whole = np.repeat(np.arange(12.0), 1000)
    np.testing.assert_allclose(future.result(timeout=120), whole - whole.mean() + whole.sum(), rtol=1e-12)
    client.wait_for_workers(2, timeout=60)


def lying(block_info=None):
    """A chunk that is not what its array says."""
    return np.array([None, "x"], dtype=object)


def test_the_message_of_an_error_arrives(client):
    x = da.map_blocks(lying, chunks=((2, 2),), dtype="f8", meta=np.empty(0, "f8"))
    with pytest.raises(me.DTypeError, match="'x' is an array of object"):
        client.compute(me.dask.evaluate("x + 1", {"x": x})).result()
    empty = da.from_array(np.zeros(0), chunks=1)
    with pytest.raises(me.Error, match="no min of no items"):
        client.compute(me.dask.evaluate("min(x)", {"x": empty})).result()


def part_of(path, block_info=None):
    """A chunk of the numbers in a file, which is not mapped: its pages would count as memory."""
    ((first, end),) = block_info[None]["array-location"]
    return np.fromfile(path, np.float64, end - first, offset=8 * first)


def peak():
    """Bytes of memory that this process has had at most."""
    (line,) = re.findall(r"VmHWM:\s*(\d+) kB", pathlib.Path("/proc/self/status").read_text())
    return 1024 * int(line)


class Target:
    """A file that chunks are written to."""

    def __init__(self, path):
        self.path = path

    def __setitem__(self, place, values):
        with open(self.path, "r+b") as file:
            file.seek(8 * place[0].start)
            values.tofile(file)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
def test_arrays_larger_than_memory(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    with open(source, "wb") as file:
        for first in range(0, ITEMS, CHUNK):
            (np.arange(first, first + CHUNK) % 1000.0).tofile(file)
    target.touch()
    with cluster() as client:
        x = da.map_blocks(part_of, str(source), chunks=((CHUNK,) * (ITEMS // CHUNK),), dtype="f8", meta=np.empty(0))
        before = client.run(peak)
        moments = me.dask.evaluate("mean(x) + 2*std(x)", {"x": x}).compute()
        np.testing.assert_allclose(moments, 499.5 + 2 * np.arange(1000).std(), rtol=1e-12)
        da.store(me.dask.evaluate("sqrt(x*x + 1) - x", {"x": x}), Target(str(target)), lock=False)
        after = client.run(peak)
        growth = {worker: after[worker] - before[worker] for worker in before}
    print(f"{ITEMS} items: a worker took {max(growth.values()) / 1e6:.0f} MB more than before")
    assert max(growth.values()) < MOST_BYTES
    written = np.memmap(target, np.float64)
    assert written.shape == (ITEMS,)
    expected = np.sqrt(np.arange(1000.0) ** 2 + 1) - np.arange(1000.0)
    for first in range(0, ITEMS, ITEMS // 10):
        np.testing.assert_allclose(written[first : first + 1000], expected, rtol=1e-9)
