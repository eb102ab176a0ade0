package org.atex.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.OutputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;

/** The contract of a fake system, on which {@link FakePrograms} replace real programs. */
abstract class FakeConnectionContract extends ConnectionContract {
    private final ConcurrentLinkedQueue<FakeConnection> systems = new ConcurrentLinkedQueue<>();

    @Override
    protected Connection connect() {
        FakeConnection system = FakeConnection.running(this::run);
        systems.add(system);
        return system;
    }

    /** Looks up processes on the first connection, because all connections stand for one system. */
    private CommandEnd run(FakeProcess process) throws Exception {
        List<String> arguments = process.command().arguments();
        if (arguments.getFirst().equals("is-alive")) {
            long pid = Long.parseLong(arguments.get(1));
            FakeConnection first = systems.element();
            return new CommandEnd.Exited(first.isRunning(pid) ? 0 : 1);
        }
        if (arguments.getFirst().equals("watches-arguments")) {
            return watch(process, arguments.get(1).replace("!", ""));
        }
        return FakePrograms.run(process);
    }

    private CommandEnd watch(FakeProcess process, String text) throws Exception {
        OutputStream out = process.stdout();
        out.write("watching\n".getBytes(UTF_8));
        Map<FakeConnection, Integer> watched = new HashMap<>();
        while (true) {
            for (FakeConnection system : systems) {
                List<Command> started = system.started();
                for (Command command : started.subList(watched.getOrDefault(system, 0), started.size())) {
                    for (String argument : command.arguments()) {
                        if (argument.startsWith(text)) {
                            out.write((argument.replace("\n", " ") + "\n").getBytes(UTF_8));
                        }
                    }
                }
                watched.put(system, started.size());
            }
            Thread.sleep(1);
        }
    }

    @Override
    protected String there() throws Exception {
        Files.createDirectories(systems.element().file("/there"));
        return "/there";
    }

    @Override
    protected boolean canBeLost() {
        return true;
    }

    @Override
    protected void lose(Connection broken) {
        ((FakeConnection) broken).lose();
    }

    @Override
    protected Command exits(int code) {
        return Command.of("exits", Integer.toString(code));
    }

    @Override
    protected Command dies(String signal) {
        return Command.of("dies", signal);
    }

    @Override
    protected Command printsArguments(String... arguments) {
        List<String> all = new ArrayList<>(List.of("prints-arguments"));
        all.addAll(List.of(arguments));
        return Command.of(all);
    }

    @Override
    protected Command printsVariable(String name) {
        return Command.of("prints-variable", name);
    }

    @Override
    protected Command printsDirectory() {
        return Command.of("prints-directory");
    }

    @Override
    protected Command copies() {
        return Command.of("copies");
    }

    @Override
    protected Command printsBoth(String output, String errors) {
        return Command.of("prints-both", output, errors);
    }

    @Override
    protected Command printsMuch(int bytes) {
        return Command.of("prints-much", Integer.toString(bytes));
    }

    @Override
    protected Command waits() {
        return Command.of("waits");
    }

    @Override
    protected Command leavesDaemon() {
        return Command.of("leaves-daemon");
    }

    @Override
    protected Command isAlive(String process) {
        return Command.of("is-alive", process);
    }

    @Override
    protected Command watchesArguments(String text) {
        return Command.of("watches-arguments", "!" + text);
    }
}
