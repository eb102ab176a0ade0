# Prints a file of a test, and counts its artifacts: fetch.py DIRECTORY FILE LIMIT
# The line on standard error has: the size of the file in bytes (-1 if there is none, -2 if it is no regular file), the
# number of files in DIRECTORY/artifacts, their size in bytes, and 1 if that directory exists. A file of at most LIMIT bytes is
# printed to standard output. DIRECTORY is removed if it has no artifacts.
import os
import shutil
import stat
import sys

directory, name, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
artifacts = os.path.join(directory, "artifacts")
exists = os.path.isdir(artifacts)
files = size = 0
for path, names, leaves in os.walk(artifacts):
    for leaf in leaves + names:
        status = os.lstat(os.path.join(path, leaf))
        if not stat.S_ISDIR(status.st_mode):
            files += 1
        if stat.S_ISREG(status.st_mode):
            size += status.st_size

report = os.path.join(directory, name)
try:
    status = os.lstat(report)
    length = status.st_size if stat.S_ISREG(status.st_mode) else -2
except OSError:
    length = -1
if 0 <= length <= limit:
    with open(report, "rb") as source:
        sys.stdout.buffer.write(source.read(limit))
    sys.stdout.flush()
sys.stderr.write("%d %d %d %d\n" % (length, files, size, exists))
if files == 0:
    shutil.rmtree(directory, ignore_errors=True)
