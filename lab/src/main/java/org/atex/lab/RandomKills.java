package org.atex.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Starts a program several times, and kills it, or something that it uses, at a random moment. A killed program is
 * started again. {@code -Datex.kills=50} makes tests that use this class thorough, and {@code -Datex.seed=N} repeats a
 * failure.
 *
 * <p>Thread safety: not thread-safe.
 */
public final class RandomKills {
    private static final int KILLS = Integer.getInteger("atex.kills", 1);
    private static final long SEED = Long.getLong("atex.seed", 1);
    private static final int ENDS_WITHIN_MINUTES = 10;
    private static final String PROGRAM = "the program";

    private final Path directory;
    private final Class<?> program;
    private final String[] arguments;
    private final Map<String, Victim> victims = new LinkedHashMap<>();

    /** Kills something, and starts it again if it does not start by itself. */
    public interface Victim {
        /**
         * Kills it.
         *
         * @param random for further random choices
         * @throws Exception if that fails, which ends the test
         */
        void kill(Random random) throws Exception;
    }

    /** Checks what a program has left. */
    public interface Check {
        /**
         * Checks it.
         *
         * @param directory the directory of the program
         * @param what the seed and the victim, for messages
         * @throws Exception if something is wrong
         */
        void check(Path directory, String what) throws Exception;
    }

    /**
     * Creates an object whose only victim is the program.
     *
     * @param directory has a directory for each start, and for its repetition
     * @param program the class with the main method. It prints a line for each event, and ends with the exit code 0
     * @param arguments its arguments, before which it gets its directory
     */
    public RandomKills(Path directory, Class<?> program, String... arguments) {
        this.directory = directory;
        this.program = program;
        this.arguments = arguments.clone();
    }

    /**
     * Adds a victim.
     *
     * @param name its name, for messages
     * @param victim kills it
     * @return this object
     */
    public RandomKills add(String name, Victim victim) {
        victims.put(name, victim);
        return this;
    }

    /**
     * Kills each victim in turn.
     *
     * @param events about how many events a program has
     * @param check is called after each program has ended
     * @throws Exception if a check or a kill fails
     * @throws AssertionError if a program fails that was not killed, or does not end within 10 minutes
     */
    public void run(int events, Check check) throws Exception {
        List<String> names = new ArrayList<>(List.of(PROGRAM));
        names.addAll(victims.keySet());
        for (int i = 0; i < KILLS; i++) {
            Random random = new Random(SEED + i);
            String name = names.get(Math.floorMod(SEED + i, names.size()));
            int after = random.nextInt(events);
            String what = "seed " + (SEED + i) + ": " + name + " was killed after " + after + " events";
            Path place = Files.createDirectory(directory.resolve("kill-" + i));
            Process first = start(place);
            try {
                BufferedReader output = first.inputReader();
                for (int n = 0; n < after && output.readLine() != null; n++) {
                    // to the moment of the kill
                }
                Victim victim = victims.get(name);
                if (victim == null) {
                    first.destroyForcibly().waitFor();
                    end(start(place), place, what);
                } else {
                    victim.kill(random);
                    end(first, place, what);
                }
            } finally {
                first.destroyForcibly();
            }
            check.check(place, what);
        }
    }

    private Process start(Path place) throws IOException {
        List<String> line = ChildJvm.command("128m", program, place.toString());
        line.addAll(List.of(arguments));
        Process process = new ProcessBuilder(line)
                .redirectError(
                        ProcessBuilder.Redirect.appendTo(place.resolve("errors").toFile()))
                .start();
        // Reading the output of a process does not react to interrupts: the end of the process ends it.
        Thread.ofVirtual().start(() -> {
            try {
                if (!process.waitFor(ENDS_WITHIN_MINUTES, TimeUnit.MINUTES)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return process;
    }

    private static void end(Process process, Path place, String what) throws IOException, InterruptedException {
        StringBuilder lines = new StringBuilder();
        process.inputReader().lines().forEach(line -> lines.append(line).append('\n'));
        if (process.waitFor() != 0) {
            throw new AssertionError(what + ", and it did not end with the exit code 0: " + process + "\n" + lines
                    + Files.readString(place.resolve("errors")));
        }
    }
}
