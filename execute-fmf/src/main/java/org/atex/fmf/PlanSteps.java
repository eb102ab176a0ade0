package org.atex.fmf;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.SetupException;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the {@code prepare} and {@code finish} phases of a plan on one system. For one thread at a time. */
final class PlanSteps implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PlanSteps.class);
    /** The exit code of {@code ansible.sh} if {@code ansible-playbook} is missing. */
    private static final CommandEnd NO_ANSIBLE = new CommandEnd.Exited(127);
    /** The exit code of {@code feature.sh} if a feature needs a reboot. */
    private static final CommandEnd REBOOT = new CommandEnd.Exited(10);

    private final Connection connection;
    private final FmfPlan plan;
    private final FmfOptions options;
    private final Packages packages;
    private final SetUpLogs logs;
    private final SystemDirectories place;
    private final List<RunningCommand> backgroundCommands = new ArrayList<>();

    /**
     * Creates an object that has run nothing yet.
     *
     * @param connection a connection to the system
     * @param plan the plan
     * @param options the time limits and the user's variables
     * @param packages installs packages on the system
     * @param logs stores the output of phases
     * @param place the executor's directory on the system
     */
    PlanSteps(
            Connection connection,
            FmfPlan plan,
            FmfOptions options,
            Packages packages,
            SetUpLogs logs,
            SystemDirectories place) {
        this.connection = connection;
        this.plan = plan;
        this.options = options;
        this.packages = packages;
        this.logs = logs;
        this.place = place;
    }

    /**
     * Runs the prepare phases.
     *
     * @throws SetupException if a phase fails, or if all of them together exceed the time limit
     * @throws ConnectionLostException if the connection is lost
     * @throws InterruptedException if interrupted
     */
    void prepare() throws InterruptedException {
        long deadline = System.nanoTime() + options.setUpWithin().toNanos();
        int number = 0;
        for (Phase phase : plan.prepare()) {
            number++;
            String problem = run(phase, deadline, logs("prepare", number, phase));
            if (problem != null) {
                throw new SetupException(
                        describe("prepare", number, phase) + " of " + plan.name() + " " + problem, null);
            }
        }
    }

    /** Runs the finish phases until the connection is lost. After a failure, the remaining phases run. */
    void finish() {
        long deadline = System.nanoTime() + options.finishWithin().toNanos();
        int number = 0;
        for (Phase phase : plan.finish()) {
            number++;
            try {
                String problem = run(phase, deadline, logs("finish", number, phase));
                if (problem != null) {
                    LOG.warn("{} of {} {}", describe("finish", number, phase), plan.name(), problem);
                }
            } catch (ConnectionLostException e) {
                LOG.info("the finish phases of {} cannot run: {}", plan.name(), e.getMessage());
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static String describe(String step, int number, Phase phase) {
        boolean named = !phase.name().startsWith("default-");
        return "the " + step + " phase " + number + (named ? " '" + phase.name() + "'" : "");
    }

    /** {@return the log of a phase} Each command of a phase opens it again and appends to the same file. */
    private Supplier<SetUpLogs.Log> logs(String step, int number, Phase phase) {
        String name =
                phase.name().startsWith("default-") ? "" : "-" + phase.name().replaceAll("[^A-Za-z0-9._-]+", "-");
        return () -> logs.of(connection, place.suffix(), step + "-" + number + name);
    }

    /** {@return the reason of a failure, or null} */
    private @Nullable String run(Phase phase, long deadline, Supplier<SetUpLogs.Log> log) throws InterruptedException {
        return switch (phase) {
            case Phase.Shell shell -> run(shell, deadline, log);
            case Phase.Install install -> {
                String why = packages.whyMissing(install, remaining(deadline), log.get());
                yield why == null ? null : "failed: its packages " + why;
            }
            case Phase.Feature feature -> refused() ? refusal() : run(feature, deadline, log);
            case Phase.Ansible ansible -> refused() ? refusal() : run(ansible, deadline, log);
        };
    }

    private boolean refused() {
        return !FmfExecutor.mayChange(connection, options);
    }

    private static String refusal() {
        return "is refused: " + FmfExecutor.THIS_MACHINE;
    }

    private static Duration remaining(long deadline) {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }

    private @Nullable String run(Phase.Shell shell, long deadline, Supplier<SetUpLogs.Log> log)
            throws InterruptedException {
        int number = 0;
        for (String text : shell.scripts()) {
            number++;
            StepScript script =
                    StepScript.run(connection, command(Scripts.SCRIPT, text), remaining(deadline), log.get());
            if (script.background() != null) {
                backgroundCommands.add(script.background());
            }
            if (!script.run().succeeded()) {
                return (shell.scripts().size() == 1 ? "" : "failed: its script " + number + " ")
                        + script.run().describe();
            }
        }
        return null;
    }

    private @Nullable String run(Phase.Feature feature, long deadline, Supplier<SetUpLogs.Log> log)
            throws InterruptedException {
        String[] arguments = feature.features().entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toArray(String[]::new);
        BootId boot = BootId.of(connection);
        ScriptRun run = ScriptRun.of(connection, merged(Scripts.FEATURE, arguments), remaining(deadline), log.get());
        if (run.succeeded()) {
            return null;
        }
        return !run.timedOut() && run.end().equals(REBOOT) ? reboot(boot, remaining(deadline)) : run.describe();
    }

    private @Nullable String reboot(BootId boot, Duration within) throws InterruptedException {
        TestEnd failed = new Reboot(connection, boot, within).reboot();
        return failed == null ? null : "needs a reboot of the system: " + failed.note();
    }

    private @Nullable String run(Phase.Ansible ansible, long deadline, Supplier<SetUpLogs.Log> log)
            throws InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(ansible.extraArguments()));
        arguments.addAll(ansible.playbooks());
        Command command = merged(Scripts.ANSIBLE, arguments.toArray(String[]::new));
        ScriptRun run = ScriptRun.of(connection, command, remaining(deadline), log.get());
        if (NO_ANSIBLE.equals(run.end())) {
            String missing = packages.whyMissing(List.of("ansible-core"), remaining(deadline), log.get());
            if (missing != null) {
                return "needs ansible-playbook on the system, and its packages " + missing;
            }
            run = ScriptRun.of(connection, command, remaining(deadline), log.get());
        }
        return run.succeeded() ? null : run.describe();
    }

    private Command merged(Scripts script, String... arguments) {
        return command(script, arguments).withStderr(Output.merge());
    }

    private Command command(Scripts script, String... arguments) {
        Map<String, String> systemVariables = Map.of(
                "TMT_PLAN_ENVIRONMENT_FILE", place.planEnvironment(),
                "TMT_PLAN_DATA", place.planData(),
                "TMT_TREE", place.tree());
        Map<String, String> all = new LinkedHashMap<>(plan.environment(systemVariables, options));
        // The user's variables override those of the system, and these override the plan's.
        all.putAll(systemVariables);
        all.putAll(options.environment());
        return Command.bash(script.text(), arguments)
                .withDirectory(place.tree())
                .withEnvironment(all);
    }

    /** Ends background processes of scripts. */
    @Override
    public void close() {
        backgroundCommands.forEach(RunningCommand::close);
        backgroundCommands.clear();
    }
}
