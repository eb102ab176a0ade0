package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atex.api.Aggregator;
import org.atex.api.Executor;
import org.atex.api.Orchestrator;
import org.atex.api.Provisioner;
import org.atex.api.TestCase;
import org.atex.testkit.OrchestratorContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the contract on the orchestrator of {@code docs/writing-an-orchestrator.md}, with the test class of that page. */
class OrchestratorPageTest extends OrchestratorContract {
    private static final String TEST = "SequentialOrchestratorTest";

    @TempDir
    private static Path directory;

    private static URLClassLoader classes;
    private static OrchestratorContract shown;

    @BeforeAll
    static void compile() throws Exception {
        classes = JavaSample.load("docs/writing-an-orchestrator.md", TEST, directory);
        var constructor = classes.loadClass(TEST).getDeclaredConstructor();
        constructor.setAccessible(true);
        shown = (OrchestratorContract) constructor.newInstance();
    }

    @AfterAll
    static void close() throws Exception {
        classes.close();
    }

    @Test
    void pageShowsTheOrchestratorOfTheTestkit() throws Exception {
        String file =
                Files.readString(Path.of("../testkit/src/test/java/org/atex/testkit/SequentialOrchestrator.java"));

        assertThat(JavaSample.in(Markdown.of("docs/writing-an-orchestrator.md"))
                        .getFirst()
                        .source())
                .isEqualTo(file.substring(file.indexOf("import ")));
    }

    @Override
    protected Orchestrator orchestrate(
            List<TestCase> tests, Provisioner systems, Executor.Factory executors, Aggregator results) {
        try {
            var method = shown.getClass()
                    .getDeclaredMethod(
                            "orchestrate", List.class, Provisioner.class, Executor.Factory.class, Aggregator.class);
            method.setAccessible(true);
            return (Orchestrator) method.invoke(shown, tests, systems, executors, results);
        } catch (ReflectiveOperationException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new AssertionError(e);
        }
    }
}
