package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.atex.lab.ChildJvm;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Uses the standalone jar with a JDK only. */
@Timeout(300)
class StandaloneTest {
    private static final String JAR = System.getProperty("standalone.jar");

    @TempDir
    private Path directory;

    @BeforeEach
    void needsTheJar() {
        assumeTrue(JAR != null && Files.exists(Path.of(JAR)), "there is no standalone jar before 'mvn package'");
    }

    /** Returns the exit code; the output is in the file "said". */
    private int java(String... arguments) throws Exception {
        List<String> command = ChildJvm.java();
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("said").toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("the program ends").isTrue();
        return process.exitValue();
    }

    private String said() throws Exception {
        return Files.readString(directory.resolve("said"));
    }

    @Test
    void runsATree() throws Exception {
        assertThat(java("-jar", JAR, SmallTree.in(directory).toString(), "out"))
                .as(said())
                .isZero();

        assertThat(said()).contains("2 tests: 2 passed").doesNotContain("SLF4J");
        assertThat(directory.resolve("out/results.jsonl")).content().contains("/one", "/two");
        assertThat(directory.resolve("out/junit.xml")).content().contains("/one", "/two");
    }

    @Test
    void runsAScriptWithoutJBang() throws Exception {
        String script = Path.of("quickstart.java").toAbsolutePath().toString();
        assertThat(java("-cp", JAR, script, SmallTree.in(directory).toString(), "/plans/all", "out"))
                .as(said())
                .isZero();
        assertThat(directory.resolve("out/results.jsonl")).content().contains("/one", "/two");
    }

    @Test
    void printsItsUsage() throws Exception {
        assertThat(java("-jar", JAR)).isEqualTo(64);
        assertThat(said()).startsWith("usage: java -jar");
    }

    @Test
    void containsEachFileOnceAndIsNoModule() throws Exception {
        try (JarFile jar = new JarFile(JAR)) {
            List<String> names = jar.stream().map(JarEntry::getName).toList();
            assertThat(names).doesNotHaveDuplicates();
            assertThat(names).noneMatch(name -> name.endsWith("module-info.class"));
            assertThat(names).contains("LICENSE", "META-INF/LICENSE", "org/atex/fmf/wrapper.sh");
        }
    }
}
