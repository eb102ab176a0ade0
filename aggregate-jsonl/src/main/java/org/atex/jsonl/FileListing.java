package org.atex.jsonl;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atex.artifacts.SafePath;
import org.jspecify.annotations.Nullable;

/**
 * Lists the files of a result under their stored names: the names that the test reported, plus the suffix of the
 * compression, or a relative path if a file had to be stored elsewhere because its path was occupied.
 *
 * @param wanted the directory for the files of the test
 * @param suffix the suffix of the compression
 * @param moved the actual paths of renamed files and directories, by their wanted paths
 */
record FileListing(Path wanted, String suffix, Map<Path, Path> moved) {
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
