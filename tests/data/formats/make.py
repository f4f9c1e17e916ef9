"""Writes the sample tables beside it: one table in every format that the trainer reads.

Run with NumPy, PyArrow and Polars installed: python3 make.py
"""

import datetime
import gzip

import numpy as np
import polars
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet

day = datetime.datetime(2024, 2, 29, 6)
table = pa.table(
    {
        "small": pa.array([1, 2, None, 4, 5, 6], pa.int8()),
        "half": pa.array(np.array([0.5, -1.5, 2.5, 0, 1, 2], np.float16)),
        "x": pa.array([0.25, 1.5, -3, 1e-3, 7, 8], pa.float64()),
        "kind": pa.array(["a", "b", "a", "b", "a", None]),
        "code": pa.array(["u", "v", "u", "v", "v", "u"]).dictionary_encode(),
        "flag": pa.array([True, False, True, True, False, False]),
        "when": pa.array([day + datetime.timedelta(hours=12 * i) for i in range(6)], pa.timestamp("us")),
        "day": pa.array([datetime.date(1970, 1, 1 + i) for i in range(6)], pa.date32()),
        "list": pa.array([[1], [2], [3], [4], [5], [6]]),
        "y": pa.array([10, 20, 30, 40, 50, 60], pa.uint64()),
    }
)
pa.parquet.write_table(table, "snappy.parquet", row_group_size=4)
polars.from_arrow(table).write_parquet("polars.parquet")
pa.feather.write_feather(table, "lz4.feather", compression="lz4")
pa.feather.write_feather(table, "zstd.feather", compression="zstd")
with pa.ipc.new_stream("plain.arrows", table.schema) as writer:
    writer.write_table(table, max_chunksize=4)

matrix = np.array([[0.25, -1, 10], [1.5, 2, 20], [7, 1e-3, 30]])
np.save("f8.npy", matrix)
np.save("f4-fortran.npy", np.asfortranarray(matrix.astype(np.float32)))
np.save("f8-big-endian.npy", matrix.astype(">f8"))
np.save("i2.npy", np.array([[1, -2, 3], [4, 5, 6]], np.int16))
np.save("cube.npy", np.zeros((2, 2, 2)))
np.save("text.npy", np.array(["a", "b"]))
np.savez_compressed("arrays.npz", x=matrix[:, :2].astype(np.float16), y=matrix[:, 2], ok=matrix[:, 0] > 1)
np.savez("uneven.npz", x=matrix, y=matrix[:2, 2])

with open("comma.csv.gz", "wb") as file:
    file.write(gzip.compress(b"x,y\n0.25,10\n1.5,20\n", mtime=0))
    file.write(gzip.compress(b"7,30\n", mtime=0))
