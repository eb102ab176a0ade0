package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Command;
import org.atex.api.Orchestrator;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.Verdict;
import org.atex.artifacts.FanOut;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.console.Progress;
import org.atex.console.StopOnSignal;
import org.atex.local.LocalProvisioner;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sends real signals to real programs. */
@Timeout(180)
class StopOnSignalTest {
    private final List<Process> started = new ArrayList<>();
    private final StringBuilder said = new StringBuilder();

    @AfterEach
    void endAll() {
        started.forEach(Process::destroyForcibly);
    }

    private Process start(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        started.add(process);
        return process;
    }

    private void await(Process process, String text) throws IOException {
        BufferedReader output = process.inputReader();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            said.append(line).append('\n');
            if (line.contains(text)) {
                return;
            }
        }
        throw new AssertionError("it ended without '" + text + "':\n" + said);
    }

    private int exitCode(Process process) throws IOException, InterruptedException {
        try (Stream<String> rest = process.inputReader().lines()) {
            rest.forEach(line -> said.append(line).append('\n'));
        }
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as(said.toString()).isTrue();
        return process.exitValue();
    }

    /** A program with two runs, each with a long test and others that wait for it. */
    static final class TwoRuns {
        public static void main(String[] args) throws InterruptedException {
            Thread other = new Thread(() -> run("two"));
            other.start();
            run("one");
            other.join();
            System.exit(Verdict.INCOMPLETE.exitCode());
        }

        private static void run(String platform) {
            List<CommandTest> tests = IntStream.range(0, 3)
                    .mapToObj(i -> CommandTest.of("/" + platform + "/" + i, Command.of("sleep", "1000")))
                    .toList();
            try (var systems = LocalProvisioner.withMaxSystems(1);
                    var run = AdHocOrchestrator.builder(tests)
                            .platform(platform)
                            .on(systems)
                            .with(CommandExecutor.factory())
                            .into(FanOut.of(RecordingAggregator.create()))
                            .listener(Progress.plain(System.out))
                            .build();
                    var unused = StopOnSignal.install(run)) {
                RunSummary summary = run.run();
                System.out.println(platform + " ended " + summary.verdict());
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private void awaitBoth(Process process) throws IOException {
        BufferedReader output = process.inputReader();
        for (int running = 0; running < 2; ) {
            String line = output.readLine();
            said.append(line).append('\n');
            assertThat(line).as(said.toString()).isNotNull();
            running += line.contains("started   ") ? 1 : 0;
        }
    }

    private void bothWereCancelled(Process process) throws Exception {
        assertThat(exitCode(process)).as(said.toString()).isEqualTo(3);
        assertThat(said).contains("one ended INCOMPLETE", "two ended INCOMPLETE");
        assertThat(said).contains("one 3 tests: 1 cancelled 2 not_run", "two 3 tests: 1 cancelled 2 not_run");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "HUP"})
    void termAndHupCancelAllRuns(String signal) throws Exception {
        Process process = start(Signalled.java(TwoRuns.class));
        awaitBoth(process);
        Signalled.send(signal, process);
        bothWereCancelled(process);
        assertThat(said).containsOnlyOnce("because of the signal " + signal);
    }

    @Test
    void ctrlCTwiceCancelsAllRuns() throws Exception {
        Process process = start(Signalled.java(TwoRuns.class));
        awaitBoth(process);
        Signalled.send("INT", process);
        await(process, "starting no more tests");
        Signalled.send("INT", process);
        bothWereCancelled(process);
    }

    @Test
    void inheritedIgnoredCtrlCStaysIgnoredAndTermCancels() throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh"));
        command.addAll(Signalled.plainJava(TwoRuns.class));
        Process process = start(command);
        awaitBoth(process);
        Signalled.send("INT", process);
        Signalled.send("HUP", process);
        Signalled.send("TERM", process);
        bothWereCancelled(process);
        assertThat(said).doesNotContain("starting no more tests", "signal HUP");
    }

    @Test
    void programsOfTheseTestsDoNotInheritIgnoredSignals() throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh"));
        command.addAll(Signalled.java(TwoRuns.class));
        Process process = start(command);
        awaitBoth(process);
        Signalled.send("INT", process);
        await(process, "starting no more tests");
        Signalled.send("HUP", process);
        bothWereCancelled(process);
    }

    /** Prints the stop requests that it receives. */
    private record Telling(String name) implements Orchestrator {
        @Override
        public RunSummary run() {
            throw new IllegalStateException("this one only stops");
        }

        @Override
        public void stop(Stop how) {
            say(name + " " + how);
            if (name.equals("bad")) {
                throw new IllegalStateException("cannot be stopped");
            }
        }

        @Override
        public void close() {}
    }

    static void say(String text) {
        System.out.println(text);
    }

    /** Executes commands from its input: install NAME, close NAME, own (installs the program's own handler for INT). */
    static final class Obedient {
        public static void main(String[] args) throws Exception {
            var handlers = new java.util.HashMap<String, StopOnSignal>();
            BufferedReader orders = new BufferedReader(
                    new java.io.InputStreamReader(System.in, java.nio.charset.StandardCharsets.UTF_8));
            for (String order = orders.readLine(); order != null; order = orders.readLine()) {
                String[] words = order.split(" ", 2);
                switch (words[0]) {
                    case "install" -> handlers.put(words[1], StopOnSignal.install(new Telling(words[1])));
                    case "close" -> handlers.get(words[1]).close();
                    case "own" -> handleByItself(words[1]);
                    default -> throw new IllegalArgumentException(order);
                }
                say("done " + order);
            }
            new CountDownLatch(1).await();
        }

        private static void handleByItself(String name) throws ReflectiveOperationException {
            Class<?> type = Class.forName("sun.misc.SignalHandler");
            Class<?> signal = Class.forName("sun.misc.Signal");
            Object handler =
                    Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            say(name + " handles it");
                        }
                        return null;
                    });
            signal.getMethod("handle", signal, type)
                    .invoke(null, signal.getConstructor(String.class).newInstance("INT"), handler);
        }
    }

    private void order(Process process, String... orders) throws IOException {
        for (String order : orders) {
            process.outputWriter().write(order + "\n");
            process.outputWriter().flush();
            await(process, "done " + order);
        }
    }

    @Test
    void thirdCtrlCStopsAllRunsEvenIfOneThrows() throws Exception {
        Process process = start(Signalled.java(Obedient.class));
        order(process, "install bad", "install good");
        for (Stop how : Stop.values()) {
            Signalled.send("INT", process);
            await(process, "good " + how);
        }
        Signalled.send("TERM", process);
        await(process, "good CANCEL");
        order(process, "install late");
        assertThat(said).as("the late run is stopped as the others were").contains("late NOW");
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM", "HUP"})
    void closingInAnyOrderRestoresTheDefaultHandler(String signal) throws Exception {
        Process process = start(Signalled.java(Obedient.class));
        order(process, "install one", "install two", "close one");
        Signalled.send("INT", process);
        await(process, "two DRAIN");
        order(process, "install three", "close two", "close three", "close three");
        Signalled.send(signal, process);

        int number = signal.equals("INT") ? 2 : signal.equals("HUP") ? 1 : 15;
        assertThat(exitCode(process)).as(said.toString()).isEqualTo(128 + number);
        assertThat(said).doesNotContain("one DRAIN", "two CANCEL", "three CANCEL");
    }

    @Test
    void closingRestoresTheProgramsOwnHandler() throws Exception {
        Process process = start(Signalled.java(Obedient.class));
        order(process, "own mine", "install one", "install two", "close one", "close two");
        Signalled.send("INT", process);
        await(process, "mine handles it");

        order(process, "install three");
        Signalled.send("INT", process);
        await(process, "three DRAIN");
        assertThat(said).as("counting starts again").doesNotContain("CANCEL");
    }

    @Test
    void handlerThatWasInstalledLaterStays() throws Exception {
        Process process = start(Signalled.java(Obedient.class));
        order(process, "install one", "own mine", "close one");
        Signalled.send("INT", process);
        await(process, "mine handles it");
        assertThat(said).doesNotContain("DRAIN");
    }
}
