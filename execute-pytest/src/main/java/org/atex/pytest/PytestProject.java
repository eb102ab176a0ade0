package org.atex.pytest;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a project with pytest tests: those that are copied to each system, the scripts that run there before and
 * after the tests, and the list of Python packages to install.
 *
 * {@snippet :
 * PytestProject project = PytestProject.of(Path.of("."), "tests/**", "pytest.ini").withPrepareScript("tools/prepare");
 * }
 *
 * <p>All paths are relative to the directory of the project. Absolute paths, and paths that leave the directory by
 * {@code ..} or by symbolic links, are refused. The files are looked up when the project is made, and read whenever an
 * executor is opened.
 *
 * <p>Immutable and therefore thread-safe; each {@code with…} method returns a changed copy, and throws {@link
 * PytestException} for a path that is refused.
 */
public final class PytestProject {
    /** The requirements file that is used without being named: the one that pytest_mproc looks for. */
    private static final String REQUIREMENTS = "requirements.txt";

    private final String name;
    private final ProjectFiles root;
    private final List<String> files;
    private final @Nullable String prepareScript;
    private final @Nullable String finalizeScript;
    private final @Nullable String requirements;

    PytestProject(
            String name,
            ProjectFiles root,
            List<String> files,
            @Nullable String prepareScript,
            @Nullable String finalizeScript,
            @Nullable String requirements) {
        this.name = name;
        this.root = root;
        this.files = List.copyOf(files);
        this.prepareScript = prepareScript;
        this.finalizeScript = finalizeScript;
        this.requirements = requirements;
    }

    /**
     * Reads a project file of pytest_mproc, which is called {@code ptmproc_project.cfg} by default: a JSON object with
     * the keys {@code project_name}, {@code test_files} (a glob, or a list of globs), {@code prepare_script} and {@code
     * finalize_script}. The last two are optional. Paths are relative to the directory of the file. If the globs match
     * a {@code requirements.txt} in that directory, its packages are installed.
     *
     * @param file the project file, in UTF-8, of at most 1 MiB
     * @return the project
     * @throws PytestException if the file cannot be read, has an unknown or missing key, a value of the wrong type, or
     *     a path that is refused; if a glob matches no file, or a script is missing or not executable. The message has
     *     the file, the line, the key and a way out
     */
    public static PytestProject read(Path file) {
        return ProjectFile.read(file);
    }

    /**
     * {@return a project without scripts, named like its directory} If the globs match a {@code requirements.txt} in
     * the directory, its packages are installed.
     *
     * @param directory the directory of the project
     * @param testFiles globs of the files to copy, at least one. {@code *}, {@code ?} and {@code [abc]} match within a
     *     name, and match a leading dot only if they begin with one; {@code **} stands for any number of directories.
     *     A directory that matches is copied with all its files except hidden ones
     * @throws PytestException if the directory does not exist, a glob is refused, or a glob matches no file
     */
    public static PytestProject of(Path directory, String... testFiles) {
        if (testFiles.length == 0) {
            throw new IllegalArgumentException(
                    "a project needs at least one glob of files to copy, for example \"tests/**\"");
        }
        ProjectFiles root = ProjectFiles.in(directory);
        TreeSet<String> files = new TreeSet<>();
        for (String glob : testFiles) {
            files.addAll(at(directory, "the glob", () -> root.matching(glob)));
        }
        Path name = root.directory().getFileName();
        return new PytestProject(
                name == null ? "project" : name.toString(),
                root,
                List.copyOf(files),
                null,
                null,
                requirementsOf(files));
    }

    /** {@return the requirements file among the files of a project, or null} */
    static @Nullable String requirementsOf(Set<String> files) {
        return files.contains(REQUIREMENTS) ? REQUIREMENTS : null;
    }

    private interface Look<T> {
        T up() throws ProjectFiles.RefusedException;
    }

    private static <T> T at(Path directory, String what, Look<T> look) {
        try {
            return look.up();
        } catch (ProjectFiles.RefusedException e) {
            throw new PytestException(
                    "could not use " + directory + " as a project: " + what + " " + e.getMessage(), e);
        }
    }

    /** {@return the name of the project, for messages} */
    public String name() {
        return name;
    }

    /** {@return the directory of the project, absolute and without symbolic links} */
    public Path directory() {
        return root.directory();
    }

    /** {@return the files that are copied to each system, relative to the directory, sorted; with the scripts} */
    public List<String> files() {
        TreeSet<String> all = new TreeSet<>(files);
        Stream.of(prepareScript, finalizeScript, requirements).forEach(file -> {
            if (file != null) {
                all.add(file);
            }
        });
        return List.copyOf(all);
    }

    /** {@return the script that prepares a system, or null for none} */
    public @Nullable String prepareScript() {
        return prepareScript;
    }

    /** {@return the script that runs on a system after its last test, or null for none} */
    public @Nullable String finalizeScript() {
        return finalizeScript;
    }

    /** {@return the requirements file whose packages pip installs, or null for none} */
    public @Nullable String requirements() {
        return requirements;
    }

    /**
     * {@return this project with another script that prepares a system} It runs once on each system, in the copy of the
     * project, before requirements are installed.
     *
     * @param file an executable file of the project, or null for none
     */
    public PytestProject withPrepareScript(@Nullable String file) {
        return new PytestProject(name, root, files, script(file), finalizeScript, requirements);
    }

    /**
     * {@return this project with another script that runs on a system after its last test} It runs in the copy of the
     * project when the executor is closed, also if the preparation failed.
     *
     * @param file an executable file of the project, or null for none
     */
    public PytestProject withFinalizeScript(@Nullable String file) {
        return new PytestProject(name, root, files, prepareScript, script(file), requirements);
    }

    private @Nullable String script(@Nullable String file) {
        return file == null ? null : at(root.directory(), "the script", () -> root.script(file));
    }

    /**
     * {@return this project with another requirements file} Its packages are installed into a virtual environment of
     * the executor; without one, pytest of the system is used.
     *
     * @param file a requirements file of the project, or null for none
     */
    public PytestProject withRequirements(@Nullable String file) {
        String checked = file == null ? null : at(root.directory(), "the requirements file", () -> root.file(file));
        return new PytestProject(name, root, files, prepareScript, finalizeScript, checked);
    }

    /**
     * {@return the tests of this project: one for each file that is named {@code test_*.py} or {@code *_test.py}, the
     * names that pytest looks for by default}
     *
     * @throws PytestException if there is none
     */
    public List<PytestTest> tests() {
        return tests("test_*.py", "*_test.py");
    }

    /**
     * {@return the tests of this project: one for each file whose name matches a glob}
     *
     * @param names globs of file names, without directories
     * @throws PytestException if no file matches
     */
    public List<PytestTest> tests(String... names) {
        List<PathMatcher> matchers = Stream.of(names)
                .map(name -> FileSystems.getDefault().getPathMatcher("glob:" + name))
                .toList();
        List<PytestTest> tests = new ArrayList<>();
        for (String file : files) {
            Path fileName = Path.of(file).getFileName();
            if (matchers.stream().anyMatch(matcher -> matcher.matches(fileName))) {
                tests.add(PytestTest.of(file));
            }
        }
        if (tests.isEmpty()) {
            throw new PytestException(
                    "the project " + name + " has no tests: none of its " + files.size() + " files is named "
                            + String.join(" or ", names) + "; add them to its test files, or give tests() other names",
                    null);
        }
        return List.copyOf(tests);
    }

    ProjectFiles root() {
        return root;
    }

    @Override
    public String toString() {
        return "the pytest project " + name + " in " + root.directory();
    }
}
