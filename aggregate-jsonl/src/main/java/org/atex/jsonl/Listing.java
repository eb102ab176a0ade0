package org.atex.jsonl;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atex.artifacts.SafePath;
import org.jspecify.annotations.Nullable;

/**
 * Under which names a test's files are listed: as the test gave them, but for those that had to be stored elsewhere because
 * something else had their place, and for the suffix of compressed ones.
 *
 * @param wanted the directory that the test's files should be in
 * @param suffix what compression adds to their names
 * @param moved where a file or directory is instead, by where it should be
 */
record Listing(Path wanted, String suffix, Map<Path, Path> moved) {
    List<String> list(@Nullable String result, List<String> files) {
        if (files.isEmpty() || (suffix.isEmpty() && moved.isEmpty())) {
            return files;
        }
        return files.stream().map(file -> list(result, file)).toList();
    }

    private String list(@Nullable String result, String file) {
        String name = file + suffix;
        Path place = wanted.resolve(SafePath.ofFile(result, name));
        for (Path above = place; above != null && above.startsWith(wanted); above = above.getParent()) {
            Path instead = moved.get(above);
            if (instead != null) {
                Path directory = result == null ? wanted : wanted.resolve(SafePath.of(result));
                return directory
                        .relativize(instead.resolve(above.relativize(place)))
                        .toString();
            }
        }
        return name;
    }
}
