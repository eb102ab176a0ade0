package org.atex.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.OutputStream;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.TestCase;
import org.atex.api.TestInvocation;

/** Programs in memory with which a fake system passes the contract of real systems. */
final class FakePrograms {
    private FakePrograms() {}

    /** Returns the run of a test of the contract of executors. */
    static FakeRun runOf(TestCase test) {
        String name = test.name();
        if (name.equals("/endless")) {
            return FakeRun.endless();
        }
        String[] required = name.replaceFirst("/requiring ", "").split("=", 2);
        boolean passes = name.startsWith("/requiring ")
                ? required[1].equals(TestInvocation.of(test).environment().get(required[0]))
                : !name.equals("/failing");
        return passes ? FakeRun.passing(Duration.ofMillis(1)) : FakeRun.failing(Duration.ofMillis(1));
    }

    static CommandEnd run(FakeProcess process) throws Exception {
        Command command = process.command();
        List<String> arguments = command.arguments();
        OutputStream out = process.stdout();
        String directory = command.directory();
        if (directory != null && !Files.isDirectory(process.file(directory))) {
            process.stderr().write(("no directory " + directory).getBytes(UTF_8));
            return new CommandEnd.Exited(125);
        }
        switch (arguments.getFirst()) {
            case "true" -> {}
            case "exits" -> {
                return new CommandEnd.Exited(Integer.parseInt(arguments.get(1)));
            }
            case "dies" -> {
                return new CommandEnd.Signalled(arguments.get(1));
            }
            case "prints-arguments" -> {
                for (String argument : arguments.subList(1, arguments.size())) {
                    out.write((argument + "\0").getBytes(UTF_8));
                }
            }
            case "prints-variable" -> {
                String name = arguments.get(1);
                String value = command.environment().get(name);
                if (value == null && !name.equals("PATH")) {
                    return new CommandEnd.Exited(1);
                }
                out.write(String.valueOf(value).getBytes(UTF_8));
            }
            case "prints-directory" -> out.write(String.valueOf(directory).getBytes(UTF_8));
            case "copies" -> process.stdin().transferTo(out);
            case "prints-both" -> {
                out.write(arguments.get(1).getBytes(UTF_8));
                process.stderr().write(arguments.get(2).getBytes(UTF_8));
            }
            case "prints-much" -> printMuch(process, Integer.parseInt(arguments.get(1)));
            case "waits" -> {
                out.write((process.pid() + "\n").getBytes(UTF_8));
                Thread.sleep(Long.MAX_VALUE);
            }
            case "leaves-daemon" -> {
                long daemon = process.spawn(child -> {
                    Thread.sleep(Long.MAX_VALUE);
                    return new CommandEnd.Exited(0);
                });
                out.write((daemon + "\n").getBytes(UTF_8));
            }
            default -> {
                process.stderr().write(("no program " + arguments.getFirst()).getBytes(UTF_8));
                return new CommandEnd.Exited(127);
            }
        }
        return new CommandEnd.Exited(0);
    }

    private static void printMuch(FakeProcess process, int bytes) throws Exception {
        byte[] piece = new byte[10_000];
        for (int left = bytes; left > 0; left -= piece.length) {
            process.stdout().write(piece, 0, Math.min(left, piece.length));
            process.stderr().write(piece, 0, Math.min(left, piece.length));
        }
    }
}
