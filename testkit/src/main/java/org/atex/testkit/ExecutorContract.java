package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests of the rules for {@link Executor}: X01 and following in {@code docs/contract.md}.
 *
 * <p>An implementation inherits the tests by a subclass that opens connections, returns the factory of executors, and
 * defines some tests for it.
 */
@Timeout(180)
@SuppressWarnings("try") // close() is called early on purpose
public abstract class ExecutorContract {
    private static final Pattern STATUS = Pattern.compile("\"status\"\\s*:\\s*\"([^\"]*)\"");
    private static final Pattern NAME = Pattern.compile("\"name\"\\s*:\\s*\"([^\"]*)\"");
    private static final Pattern FILES = Pattern.compile("\"files\"\\s*:\\s*\\[\\s*\"([^\"]*)\"");

    /** A local directory, deleted after each test. */
    @TempDir
    protected Path here;

    private Connection connection;
    private Executor executor;
    private int directories;

    /** For subclasses. */
    @SuppressWarnings("NullAway.Init") // JUnit fills the fields
    protected ExecutorContract() {}

    /**
     * {@return a new connection to the system}
     *
     * @throws Exception if the connection fails
     */
    protected abstract Connection connect() throws Exception;

    /**
     * {@return the factory under test}
     *
     * @throws Exception if it cannot be created
     */
    protected abstract Executor.Factory factory() throws Exception;

    /** {@return a test that passes immediately} */
    protected abstract TestCase passing();

    /** {@return a test that fails immediately} */
    protected abstract TestCase failing();

    /**
     * {@return a test that never ends by itself}
     *
     * @param limit its time limit, or null if it has none
     */
    protected abstract TestCase endless(@Nullable Duration limit);

    /**
     * {@return a test that passes if an environment variable has a value, and fails otherwise; null if tests have no
     * environment}
     *
     * @param variable the name of the variable
     * @param value the value
     */
    protected abstract @Nullable TestCase requiring(String variable, String value);

    /** {@return a test of a type that the executor does not support, or null if it supports all types} */
    protected @Nullable TestCase foreign() {
        return null;
    }

    /**
     * {@return a test that passes and leaves a process running, which {@link #isLeftBehind} finds; null if tests have
     * no processes}
     */
    protected @Nullable TestCase leavingAProcess() {
        return null;
    }

    /**
     * {@return whether the process of {@link #leavingAProcess} is running}
     *
     * @param system a connection to the system
     * @throws Exception if this cannot be determined
     */
    protected boolean isLeftBehind(Connection system) throws Exception {
        return false;
    }

    /** {@return whether {@link #lose} works, which the optional rules about lost systems need} */
    protected boolean canBeLost() {
        return false;
    }

    /**
     * Breaks a connection, as a crash of the system does.
     *
     * @param broken the connection
     * @throws Exception if it cannot be broken
     */
    protected void lose(Connection broken) throws Exception {
        throw new UnsupportedOperationException("override lose() where canBeLost() is true");
    }

    @BeforeEach
    void openFirst() throws Exception {
        connection = connect();
        executor = factory().open(connection);
    }

    @AfterEach
    void closeLast() {
        executor.close();
        connection.close();
    }

    private Artifacts artifacts() throws IOException {
        return Artifacts.at(Files.createDirectory(here.resolve("artifacts-" + ++directories)));
    }

    private static List<String> lines(Artifacts artifacts) throws IOException {
        return Files.readAllLines(artifacts.results());
    }

    /** Returns the status of the last result of the test itself. */
    private static String status(Artifacts artifacts) throws IOException {
        String line = lines(artifacts).stream()
                .filter(any -> !any.contains("\"name\""))
                .reduce((a, b) -> b)
                .orElseThrow(() -> new AssertionError("the artifacts have no result of the test itself"));
        Matcher status = STATUS.matcher(line);
        assertThat(status.find()).as("a status in " + line).isTrue();
        return status.group(1);
    }

    @Test
    void x01_passingTestPasses() throws Exception {
        Artifacts into = artifacts();

        TestEnd end = executor.run(passing(), into);

        assertThat(end.outcome()).isEqualTo(Outcome.PASSED);
        assertThat(end.systemUsable()).isTrue();
        assertThat(status(into)).isEqualTo("pass");
    }

    @Test
    void x02_failingTestFails() throws Exception {
        Artifacts into = artifacts();

        TestEnd end = executor.run(failing(), into);

        assertThat(end.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(end.systemUsable()).isTrue();
        assertThat(status(into)).isEqualTo("fail");
    }

    @Test
    void x03_limitEndsTheTest() throws Exception {
        Artifacts into = artifacts();

        TestEnd end = Call.of(() -> executor.run(endless(Duration.ofMillis(300)), into))
                .result();

        assertThat(end.outcome()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(end.note()).contains("0.3");
        assertThat(end.systemUsable()).isTrue();
        assertThat(status(into)).isEqualTo("error");
    }

    @Test
    void x04_interruptEndsTheTest() throws Exception {
        Artifacts into = artifacts();
        Call<TestEnd> running = Call.of(() -> executor.run(endless(null), into)).awaitBlocked();

        assertThat(running.interrupt().failure()).isInstanceOf(InterruptedException.class);

        assertThat(status(into)).isEqualTo("infra");
    }

    @Test
    void x05_pendingInterruptEndsTheTest() throws Exception {
        Artifacts into = artifacts();
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> executor.run(endless(null), into)).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        assertThat(status(into)).isEqualTo("infra");
    }

    @Test
    void x06_executorWorksAfterAnInterruptAndALimit() throws Exception {
        Call<TestEnd> running =
                Call.of(() -> executor.run(endless(null), artifacts())).awaitBlocked();
        running.interrupt().failure();
        executor.run(endless(Duration.ofMillis(50)), artifacts());

        assertThat(executor.run(passing(), artifacts()).outcome()).isEqualTo(Outcome.PASSED);
    }

    @Test
    void x07_resultsOfTestsDoNotMix() throws Exception {
        Artifacts first = artifacts();
        Artifacts second = artifacts();

        executor.run(passing(), first);
        List<String> before = lines(first);
        executor.run(failing(), second);

        assertThat(lines(first)).isEqualTo(before);
        assertThat(status(second)).isEqualTo("fail");
    }

    @Test
    void x08_filesOfResultsExist() throws Exception {
        Artifacts into = artifacts();
        executor.run(passing(), into);

        for (String line : lines(into)) {
            // The files of a part are below its name.
            Matcher name = NAME.matcher(line);
            Path directory = name.find() ? into.files().resolve(name.group(1)) : into.files();
            Matcher files = FILES.matcher(line);
            while (files.find()) {
                assertThat(directory.resolve(files.group(1))).isRegularFile();
            }
        }
    }

    @Test
    void x09_lossOfTheSystemEndsTheTest() throws Exception {
        assumeTrue(canBeLost(), "this connection cannot be lost");
        Artifacts into = artifacts();
        Call<TestEnd> running = Call.of(() -> executor.run(endless(null), into)).awaitBlocked();

        lose(connection);

        TestEnd end = running.result();
        assertThat(end.outcome()).isEqualTo(Outcome.LOST);
        assertThat(end.systemUsable()).isFalse();
        assertThat(status(into)).isEqualTo("infra");
    }

    @Test
    void x10_openOnALostSystemFails() throws Exception {
        assumeTrue(canBeLost(), "this connection cannot be lost");
        lose(connection);
        Executor.Factory factory = factory();

        try (Executor opened = factory.open(connection)) {
            assertThat(opened.run(passing(), artifacts()).outcome()).isEqualTo(Outcome.LOST);
        } catch (ConnectionLostException e) {
            assertThat(e).hasMessageContaining("lost");
        }
    }

    @Test
    void x11_interruptedOpenOpensNoExecutor() throws Exception {
        Executor.Factory factory = factory();
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> factory.open(connection)).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void x12_unsupportedTestIsRejected() throws Exception {
        TestCase foreign = foreign();
        assumeTrue(foreign != null, "this executor runs every kind of test");

        assertThatThrownBy(() -> executor.run(foreign, artifacts())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void x13_closedExecutorRejectsTests() throws Exception {
        executor.close();

        assertThatThrownBy(() -> executor.run(passing(), artifacts())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void x14_closeTwiceLeavesTheConnectionOpen() throws Exception {
        executor.close();
        executor.close();

        assertThat(connection.run(Command.of("true")).succeeded()).isTrue();
    }

    @Test
    void x15_noProcessOutlivesItsTest() throws Exception {
        TestCase leaving = leavingAProcess();
        assumeTrue(leaving != null, "tests of this executor have no processes");

        assertThat(executor.run(leaving, artifacts()).outcome()).isEqualTo(Outcome.PASSED);

        assertThat(isLeftBehind(connection)).isFalse();
    }

    @Test
    void x16_executorsOnOneConnectionAreIndependent() throws Exception {
        try (Executor other = factory().open(connection)) {
            Call<TestEnd> running =
                    Call.of(() -> executor.run(endless(null), artifacts())).awaitBlocked();
            assertThat(other.run(passing(), artifacts()).outcome()).isEqualTo(Outcome.PASSED);
            other.close();
            running.awaitBlocked().interrupt().failure();
        }
    }

    @Test
    void x19_parallelTestsOnOneExecutorAreIndependent() throws Exception {
        Call<TestEnd> running =
                Call.of(() -> executor.run(endless(null), artifacts())).awaitBlocked();
        assertThat(Call.of(() -> executor.run(passing(), artifacts())).result().outcome())
                .as("a test that runs while another one runs on the same executor")
                .isEqualTo(Outcome.PASSED);
        running.awaitBlocked().interrupt().failure();
    }

    @Test
    void x20_variablesOfTheInvocationReachTheTest() throws Exception {
        TestCase test = requiring("ATEX_CONTRACT", "the value");
        assumeTrue(test != null, "tests of this executor have no environment");
        TestEnd without = executor.run(test, artifacts());
        assertThat(without.outcome()).as("without the variable").isNotEqualTo(Outcome.PASSED);
        TestCase invocation = TestInvocation.of(test).withVariable("ATEX_CONTRACT", "the value");
        TestEnd with = executor.run(invocation, artifacts());
        assertThat(with.outcome())
                .as("with the variable of TestInvocation: %s", with.note())
                .isEqualTo(Outcome.PASSED);
        assertThat(executor.run(test, artifacts()).outcome())
                .as("the variable is gone in the next test")
                .isNotEqualTo(Outcome.PASSED);
    }

    @Test
    void x18_unwritableArtifactsAreAnUncheckedIOException() throws Exception {
        Artifacts unwritable = artifacts();
        Files.createDirectory(unwritable.results()); // fails for every user, while a full disk needs privileges

        assertThatThrownBy(() -> executor.run(passing(), unwritable)).isInstanceOf(UncheckedIOException.class);

        assertThat(executor.run(passing(), artifacts()).outcome()).isEqualTo(Outcome.PASSED);
    }

    @Test
    void x17_closeReturnsAfterALoss() throws Exception {
        assumeTrue(canBeLost(), "this connection cannot be lost");
        lose(connection);

        Call.to(executor::close).result();
    }
}
