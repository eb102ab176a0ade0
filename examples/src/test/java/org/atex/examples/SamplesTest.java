package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.TryTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import javax.xml.parsers.DocumentBuilderFactory;
import org.atex.lab.ChildJvm;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks each sample in the documentation and each example that runs tests: it exits with the exit code of the run,
 * after it has closed all resources.
 */
class SamplesTest {
    private static final Path ROOT = ReadmeTest.ROOT;

    /** Every Java block in the documentation and every example, by a name with its location. */
    private static Map<String, String> samples() throws IOException {
        Map<String, String> samples = new TreeMap<>();
        for (JavaSample sample : JavaSample.all()) {
            samples.put(sample.toString(), sample.source());
        }
        try (Stream<Path> files = Files.walk(ROOT.resolve("examples"))) {
            for (Path file : files.filter(SamplesTest::isExample).toList()) {
                samples.put(ROOT.relativize(file).toString(), Files.readString(file));
            }
        }
        return samples;
    }

    private static boolean isExample(Path file) {
        String name = ROOT.relativize(file).toString();
        return name.endsWith(".java") && !name.matches("examples/(target|src/test)/.*");
    }

    /** The runs of a sample and how they are used. */
    private static final class Reading extends TreePathScanner<@Nullable Void, @Nullable Void> {
        private final Set<String> orchestrators = new HashSet<>();
        private boolean runs;
        private boolean asksForTheExitCode;
        private boolean assertsTheVerdict;
        private boolean exits;
        private boolean exitsBeforeClosing;

        @Override
        public @Nullable Void visitVariable(VariableTree variable, @Nullable Void unused) {
            String value = String.valueOf(variable.getInitializer());
            if (value.contains("Orchestrator.builder(") || variable.toString().contains("Orchestrator ")) {
                orchestrators.add(variable.getName().toString());
            }
            return super.visitVariable(variable, unused);
        }

        @Override
        public @Nullable Void visitMethodInvocation(MethodInvocationTree call, @Nullable Void unused) {
            if (call.getMethodSelect() instanceof MemberSelectTree method) {
                String name = method.getIdentifier().toString();
                boolean ofRun = method.getExpression() instanceof IdentifierTree of
                        && orchestrators.contains(of.getName().toString());
                runs |= name.equals("run") && call.getArguments().isEmpty() && ofRun;
                asksForTheExitCode |= name.equals("exitCode");
                if (call.getMethodSelect().toString().matches("(System|Runtime\\.getRuntime\\(\\))\\.(exit|halt)")) {
                    exits = true;
                    exitsBeforeClosing |= isWhereSomethingIsOpen();
                }
            }
            assertsTheVerdict |= call.toString().matches("assertEquals\\(Verdict\\.\\w+, \\w+\\.verdict\\(\\).*");
            return super.visitMethodInvocation(call, unused);
        }

        /** Returns whether a node is in the block of a try-with-resources; catch and finally run after closing. */
        private boolean isWhereSomethingIsOpen() {
            TreePath inner = getCurrentPath();
            for (TreePath path = inner.getParentPath(); path != null; path = path.getParentPath()) {
                if (path.getLeaf() instanceof TryTree tree
                        && !tree.getResources().isEmpty()
                        && tree.getBlock().equals(inner.getLeaf())) {
                    return true;
                }
                inner = path;
            }
            return false;
        }

        List<String> faults() {
            List<String> faults = new ArrayList<>();
            if (runs && !(asksForTheExitCode && exits) && !assertsTheVerdict) {
                faults.add("it does not end with the run's exit code");
            }
            if (exitsBeforeClosing) {
                faults.add("it ends the program before everything is closed");
            }
            return faults;
        }
    }

    private static Reading read(String program) throws IOException {
        StringWriter messages = new StringWriter();
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///Sample.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return program;
                    }
                };
        JavacTask task = (JavacTask)
                ToolProvider.getSystemJavaCompiler().getTask(messages, null, null, null, null, List.of(file));
        Reading reading = new Reading();
        for (CompilationUnitTree unit : task.parse()) {
            reading.scan(unit, null);
        }
        assertThat(messages.toString()).as(program).isEmpty();
        return reading;
    }

    @Test
    void everySampleClosesItsResourcesAndExitsWithTheExitCode() throws IOException {
        Map<String, List<String>> faults = new TreeMap<>();
        Set<String> running = new HashSet<>();
        for (var sample : samples().entrySet()) {
            Reading reading = read(sample.getValue());
            if (!reading.faults().isEmpty()) {
                faults.put(sample.getKey(), reading.faults());
            }
            if (reading.runs) {
                running.add(sample.getKey().replaceAll(":\\d+$", ""));
            }
        }
        assertThat(faults).isEmpty();
        assertThat(running)
                .as("samples that run tests")
                .contains(
                        "README.md",
                        "orchestrate-adhoc/README.md",
                        "testkit/README.md",
                        "examples/quickstart.java",
                        "examples/src/main/java/org/atex/examples/QuickStart.java");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "try (var run = AdHocOrchestrator.builder(tests).build()) { System.exit(run.run().exitCode()); }",
                "try (var run = AdHocOrchestrator.builder(tests).build()) { System.out.println(run.run().verdict()); }",
                "try (Orchestrator run = make(tests)) { run.run(); }",
                "int code; try (var run = AdHocOrchestrator.builder(tests).build()) { code = run.run().exitCode(); }",
                "try (var r = open()) { if (bad) { System.exit(1); } }"
            })
    void wrongSampleIsDetected(String sample) throws IOException {
        assertThat(read(JavaSample.program(sample)).faults()).isNotEmpty();
    }

    @Test
    void sampleThatExitsAfterClosingIsAccepted() throws IOException {
        String sample =
                "int code; try (var run = AdHocOrchestrator.builder(tests).build()) { code = run.run().exitCode(); }"
                        + " catch (Exception e) { System.exit(9); }\nSystem.exit(code);";
        assertThat(read(JavaSample.program(sample)).faults()).isEmpty();
    }

    /** JUnit XML is complete only after it is closed, so it shows more than the JSON Lines of the samples. */
    private static String withJUnitXml(String program) {
        return program.replaceAll(
                "JsonLinesAggregator\\.open\\(.*\\);",
                "org.atex.junitxml.JUnitXmlAggregator.open(java.nio.file.Path.of(\"junit.xml\"));");
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "orchestrate-adhoc/README.md", "examples/quickstart.java"})
    @Timeout(180)
    void reportIsCompleteWhenTheSampleHasEnded(String name, @TempDir Path directory) throws Exception {
        String program = name.endsWith(".md")
                ? JavaSample.in(Markdown.of(name)).getFirst().source()
                : Files.readString(ROOT.resolve(name));
        Path source = directory.resolve("Sample.java");
        Files.writeString(source, withJUnitXml(program));
        ReadmeTest.copyTests(directory.resolve("tests"));
        Path output = directory.resolve("output");
        List<String> command = ChildJvm.java();
        command.addAll(List.of("-cp", ClassPath.ofPrograms()));
        command.addAll(List.of(source.toString(), "tests", "/plans/quick", "out"));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(50, TimeUnit.SECONDS)).as("the sample ends").isTrue();

        assertThat(process.exitValue()).as(Files.readString(output)).isEqualTo(ReadmeTest.exitCode(output));
        assertThat(DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(directory.resolve("junit.xml").toFile())
                        .getElementsByTagName("testcase")
                        .getLength())
                .isGreaterThanOrEqualTo(3);
        assertThat(directory.resolve("junit.xml.journal")).doesNotExist();
    }
}
