# A plugin of pytest: writes the collected tests to the file ATEX_COLLECTED, as JSON lines.
import json
import os


def pytest_collection_finish(session):
    with open(os.environ["ATEX_COLLECTED"], "w") as out:
        for item in session.items:
            # Node ids are relative to the root directory of pytest, which need not be the working directory.
            path = os.path.relpath(str(item.fspath), os.getcwd())
            inside = item.nodeid.partition("::")[2]
            line = item.location[1]
            json.dump({
                "id": path + "::" + inside if inside else path,
                "file": path,
                "line": 0 if line is None else line + 1,
                "marks": sorted({mark.name for mark in item.iter_markers()}),
            }, out)
            out.write("\n")
