package org.atex.pytest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.atex.api.TestCase;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProjectFileTest {
    @TempDir
    Path outside;

    private Path directory;
    private Samples samples;

    @BeforeEach
    void makeProject() throws IOException {
        directory = Files.createDirectory(outside.resolve("project"));
        samples = new Samples(directory)
                .with("tests/test_one.py", "")
                .with("tests/deep/test_two.py", "")
                .with("tests/.hidden", "")
                .with("requirements.txt", "")
                .with("other/data.txt", "")
                .withScript("tools/prepare", "");
    }

    private PytestProject read(String text) throws IOException {
        samples.with("ptmproc_project.cfg", text);
        return PytestProject.read(directory.resolve("ptmproc_project.cfg"));
    }

    @Test
    void theSampleOfTheDocumentationIsRead() throws Exception {
        PytestProject project = read("""
                {
                 "project_name": "A_name",
                 "test_files": "./tests/*.py",
                 "prepare_script": "./tools/prepare",
                 "finalize_script": "tools/prepare",
                }
                """);
        assertThat(project.name()).isEqualTo("A_name");
        assertThat(project.directory()).isEqualTo(directory.toRealPath());
        assertThat(project.files()).containsExactly("tests/test_one.py", "tools/prepare");
        assertThat(project.prepareScript()).isEqualTo("tools/prepare");
        assertThat(project.finalizeScript()).isEqualTo("tools/prepare");
        assertThat(project.requirements()).isNull();
        assertThat(project.tests()).extracting(TestCase::name).containsExactly("tests/test_one.py");
    }

    @Test
    void requirementsAmongTheFilesAreUsed() throws Exception {
        PytestProject project =
                read("{\"project_name\": \"x\", \"test_files\": [\"tests/**/*.py\", \"requirements.txt\"]}");
        assertThat(project.files()).containsExactly("requirements.txt", "tests/deep/test_two.py", "tests/test_one.py");
        assertThat(project.requirements()).isEqualTo("requirements.txt");
    }

    static Stream<Arguments> globs() {
        return Stream.of(
                Arguments.of("tests", "tests/deep/test_two.py tests/test_one.py"),
                Arguments.of("tests/**", "tests/deep/test_two.py tests/test_one.py"),
                Arguments.of("**/test_*.py", "tests/deep/test_two.py tests/test_one.py"),
                Arguments.of("**/deep/**", "tests/deep/test_two.py"),
                Arguments.of("tests//./test_one.py", "tests/test_one.py"),
                Arguments.of("tests/test_[o-p]ne.py", "tests/test_one.py"),
                Arguments.of("tests/test_[!t]ne.py", "tests/test_one.py"),
                Arguments.of("te?ts/*/*", "tests/deep/test_two.py"),
                Arguments.of("tests/.*", "tests/.hidden"));
    }

    @ParameterizedTest
    @MethodSource("globs")
    void globsMatchFiles(String glob, String files) {
        assertThat(PytestProject.of(directory, glob).files()).containsExactly(files.split(" "));
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of("", "does not consist of one JSON object"),
                Arguments.of("[]", "does not consist of one JSON object"),
                Arguments.of("{\"project_name\": \"x\"", "line 1: it is not valid JSON"),
                Arguments.of("{\n\"project_name\": \"x\",\n\"test_files\": \"tests\"}\n{}", "text follows after"),
                Arguments.of("{\"test_files\": \"tests\"}", "the key project_name is missing"),
                Arguments.of("{\"project_name\": \" \", \"test_files\": \"tests\"}", "project_name is blank"),
                Arguments.of("{\"project_name\": 3}", "the value of project_name is 3; write a text in quotes"),
                Arguments.of("{\"project_name\": null}", "the value of project_name is null"),
                Arguments.of("{\"project_name\": \"x\"}", "the key test_files is missing"),
                Arguments.of("{\"project_name\": \"x\",\n\"test_files\": []}", "line 2: the list test_files is empty"),
                Arguments.of("{\"test_files\": {\"a\": 1}}", "the value of test_files is an object"),
                Arguments.of("{\"test_files\": [[\"a\"]]}", "the value of test_files is an array"),
                Arguments.of(
                        "{\n\n\"test_files\": [\"tests\",\n\"/etc/passwd\"]}",
                        "line 4: test_files: '/etc/passwd' is absolute"),
                Arguments.of("{\"test_files\": \"tests/../../x\"}", "has the part '..'"),
                Arguments.of("{\"test_files\": \"\"}", "'' is not a path"),
                Arguments.of("{\"test_files\": \"./\"}", "is the project itself"),
                Arguments.of("{\"test_files\": \"nope/*.py\"}", "'nope/*.py' matches no file"),
                Arguments.of("{\"test_files\": \"tests/[z-a]\"}", "is not a glob"),
                Arguments.of("{\"prepare_script\": \"tools/none\"}", "prepare_script: 'tools/none' cannot be found"),
                Arguments.of("{\"prepare_script\": \"tools\"}", "prepare_script: 'tools' is not a file"),
                Arguments.of("{\"finalize_script\": \"tests/test_one.py\"}", "run 'chmod +x tests/test_one.py'"),
                Arguments.of("{\"projectname\": \"x\"}", "the key 'projectname' is unknown; the keys are project_name"),
                Arguments.of("{\"resource_paths\": []}", "of another version of pytest_mproc; add the files to test_f"),
                Arguments.of("{\"project_name\": \"x\", \"project_name\": \"y\"}", "Duplicate"),
                Arguments.of("{\"test_files\": \"linked/*\"}", "leads out of the project by the symbolic link linked"),
                Arguments.of("{\"test_files\": \"*/secret\"}", "leads out of the project"),
                Arguments.of("{\"test_files\": \"broken\"}", "'broken' cannot be found"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void mistakesAreRefusedWithFileLineAndWayOut(String text, String why) throws Exception {
        Files.createDirectory(outside.resolve("elsewhere"));
        Files.writeString(outside.resolve("elsewhere/secret"), "");
        Files.createSymbolicLink(directory.resolve("linked"), Path.of("../elsewhere"));
        Files.createSymbolicLink(directory.resolve("other/secret"), Path.of("../../elsewhere/secret"));
        Files.createSymbolicLink(directory.resolve("broken"), Path.of("nowhere"));
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(PytestException.class)
                .hasMessageContaining("could not read the project file " + directory + "/ptmproc_project.cfg, line ")
                .hasMessageContaining(why);
    }

    @Test
    void linksInsideTheProjectAreFollowedButNotByTwoStars() throws Exception {
        Files.createSymbolicLink(directory.resolve("tests/loop"), Path.of("."));
        Files.createSymbolicLink(directory.resolve("same"), Path.of("tests/deep"));
        assertThat(PytestProject.of(directory, "same/*.py").files()).containsExactly("same/test_two.py");
        assertThat(PytestProject.of(directory, "tests/**", "**/*.py").files())
                .containsExactly("tests/deep/test_two.py", "tests/test_one.py");
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing", "project"})
    void aProjectFileThatCannotBeReadIsNamed(String name) {
        assertThatThrownBy(() -> PytestProject.read(outside.resolve(name)))
                .isInstanceOf(PytestException.class)
                .hasMessageContaining("could not read the project file " + outside.resolve(name));
    }

    @Test
    void namesOfTestFilesCanBeChosen() throws Exception {
        samples.with("tests/check_three.py", "");
        PytestProject project = PytestProject.of(directory, "tests");
        assertThat(project.tests("check_*.py")).extracting(PytestTest::target).containsExactly("tests/check_three.py");
        assertThatThrownBy(() -> project.tests("*.feature"))
                .isInstanceOf(PytestException.class)
                .hasMessageContaining("has no tests");
    }
}
