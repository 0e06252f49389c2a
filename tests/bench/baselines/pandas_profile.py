"""pandas.read_csv and describe, for the case `profile`.

python pandas_profile.py <csv>   a line of JSON
"""

import json
import resource
import sys
import time

import pandas as pd


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


before, start = cpu_seconds(), time.perf_counter()
frame = pd.read_csv(sys.argv[1])
description = frame.describe(include="all")
seconds = time.perf_counter() - start
print(
    json.dumps(
        {
            "rows": len(frame),
            "columns": len(description.columns),
            "seconds": seconds,
            "cpu_seconds": cpu_seconds() - before,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
