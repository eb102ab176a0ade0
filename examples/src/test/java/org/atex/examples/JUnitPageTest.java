package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.File;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.atex.lab.ChildJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Runs the test classes of {@code docs/junit.md} in a directory with the files of that page. */
@Timeout(180)
class JUnitPageTest {
    private static final String PAGE = "docs/junit.md";

    /** Runs the test classes that are named by the arguments. */
    static final class Launch {
        public static void main(String[] classes) {
            var summary = new SummaryGeneratingListener();
            var request = LauncherDiscoveryRequestBuilder.request();
            Stream.of(classes).forEach(name -> request.selectors(selectClass(name)));
            LauncherFactory.create().execute(request.build(), summary);
            var out = new PrintWriter(System.out, true);
            summary.getSummary().printTo(out);
            summary.getSummary().printFailuresTo(out);
        }
    }

    @Test
    void testsOfThePagePass(@TempDir Path directory) throws Exception {
        List<JavaSample> samples = JavaSample.in(Markdown.of(PAGE));
        assertThat(samples).extracting(JavaSample::name).containsExactly("SystemTest", "SuiteTest");
        Path tree = Files.createDirectories(directory.resolve("src/test/fmf"));
        Files.writeString(Files.createDirectory(tree.resolve(".fmf")).resolve("version"), "1\n");
        Files.writeString(tree.resolve("main.fmf"), block("yaml"));
        Path output = directory.resolve("output");

        List<String> command = ChildJvm.java();
        command.addAll(List.of("-cp", samples.getLast().compile(directory.resolve("classes"))));
        command.addAll(List.of(Launch.class.getName(), "SystemTest", "SuiteTest"));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(50, TimeUnit.SECONDS)).as("the tests end").isTrue();

        assertThat(Files.readString(output)).contains("6 tests found", "6 tests successful");
        assertThat(block("text")).contains("Tests run: 6, ");
    }

    @Test
    void versionsOfThePageExist() throws Exception {
        String classPath = System.getProperty("java.class.path");
        String version = block("xml")
                .replaceAll("(?s).*<artifactId>junit-jupiter</artifactId>\\s*<version>", "")
                .replaceAll("(?s)<.*", "");
        assertThat(Stream.of(classPath.split(File.pathSeparator)))
                .as("the JUnit of this build is that of the page")
                .anyMatch(jar -> jar.endsWith("junit-jupiter-" + version + ".jar"));
    }

    private static String block(String language) throws Exception {
        return Markdown.of(PAGE).blocks().stream()
                .filter(block -> block.language().equals(language))
                .map(Markdown.Block::text)
                .findFirst()
                .orElseThrow();
    }
}
