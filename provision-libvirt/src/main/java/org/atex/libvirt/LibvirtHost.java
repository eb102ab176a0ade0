package org.atex.libvirt;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.ProvisioningException;
import org.atex.support.PrintableText;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/** Runs {@code virsh} and {@code qemu-img} on the host. Thread-safe. */
final class LibvirtHost {
    private static final int MAX_QUOTED = 1500;
    private static final Duration RELEASE_WITHIN = Duration.ofMinutes(2);

    /**
     * Functions for all scripts. A domain named NAME has its files in the directory NAME of its run. The process of a
     * virtual machine is found by its arguments, since its pid file is readable by root only.
     */
    private static final String FUNCTIONS = """
        export LC_ALL=C
        umask 022
        v() {
            if [[ $ATEX_URI ]]; then
                timeout -k 5 120 virsh --quiet --connect "$ATEX_URI" "$@"
            else
                timeout -k 5 120 virsh --quiet "$@"
            fi
        }
        process() {
            local file
            # The status of grep is 2 if any process ends meanwhile.
            { grep -lszE "^guest=$1(,|\\$)" /proc/[0-9]*/cmdline || true; } |
                while IFS=/ read -r _ _ file _; do echo "$file"; done
        }
        format_of() { qemu-img info -U "$1" | sed -n 's/^file format: //p'; }
        finish() { # A recording is complete if the process ends by itself.
            local pid
            for pid in $(process "$1"); do
                kill -TERM "$pid" 2>/dev/null && timeout 30 tail -s 0.1 --pid="$pid" -f /dev/null
            done
            return 0
        }
        ended() { # Kills first: libvirt waits for a while before it kills.
            local pid message
            for pid in $(process "$1"); do kill -KILL "$pid" 2>/dev/null; done
            message=$(v destroy "$1" 2>&1) || case $message in
            *'failed to get domain'* | *'is not running'*) ;;
            *) if [[ $(process "$1") ]]; then echo "$message" >&2; return 1; fi ;;
            esac
            v undefine --managed-save --nvram "$1" >/dev/null 2>&1
            return 0
        }
        """;

    private final Connection connection;
    private final Map<String, String> environment;

    LibvirtHost(Connection connection, GuestTemplate template) {
        this.connection = connection;
        Map<String, String> variables = new HashMap<>(template.environment);
        variables.put("ATEX_URI", template.uri == null ? "" : template.uri);
        variables.put("ATEX_DIR", template.directory);
        this.environment = Map.copyOf(variables);
    }

    Connection connection() {
        return connection;
    }

    Command command(String script, String... arguments) {
        return Command.bash(FUNCTIONS + script, arguments).withEnvironment(environment);
    }

    /**
     * Runs a script with the functions.
     *
     * @param task the purpose, for the message: {@code could not …}
     * @param script the script
     * @param arguments its arguments
     * @return its standard output
     * @throws ProvisioningException if its exit code is not 0
     */
    String run(String task, String script, String... arguments) throws InterruptedException {
        return run(task, command(script, arguments));
    }

    /**
     * Runs a script with the functions.
     *
     * @param task the purpose, for the message: {@code could not …}
     * @param script the script
     * @param input its standard input
     * @param arguments its arguments
     * @param variables further variables
     * @return its standard output
     * @throws ProvisioningException if its exit code is not 0
     */
    String run(String task, String script, String input, List<String> arguments, Map<String, String> variables)
            throws InterruptedException {
        return run(
                task,
                command(script, arguments.toArray(String[]::new))
                        .withEnvironment(variables)
                        .withStdin(Input.text(input)));
    }

    private String run(String task, Command command) throws InterruptedException {
        CommandResult result = connection.run(command);
        if (!result.succeeded()) {
            String errors = result.stderr().strip();
            String tail = errors.substring(Math.max(0, errors.length() - MAX_QUOTED));
            throw new ProvisioningException(
                    "could not " + task + " on " + connection + ": "
                            + PrintableText.of(tail.isEmpty() ? result.end().toString() : tail, MAX_QUOTED)
                            + hintFor(errors),
                    null);
        }
        return result.stdout();
    }

    /** Gives something back on the host. */
    @FunctionalInterface
    interface Release {
        void run() throws InterruptedException;
    }

    /**
     * Gives something back, also if the thread was interrupted, and waits for that up to two minutes.
     *
     * @param thread the name of the thread that does it
     * @param step gives it back
     * @param onFailure takes the reason for which it may be left
     */
    static void release(String thread, Release step, Consumer<@Nullable String> onFailure) {
        Threads.complete(thread, RELEASE_WITHIN, () -> {
            try {
                step.run();
            } catch (ProvisioningException | ConnectionLostException | IllegalStateException e) {
                onFailure.accept(e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static String hintFor(String errors) {
        if (errors.contains("virsh: command not found") || errors.contains("'virsh': No such file")) {
            return "; install the client of libvirt there";
        }
        if (errors.contains("qemu-img: command not found")) {
            return "; install qemu-img there";
        }
        if (errors.contains("failed to connect to the hypervisor")) {
            return "; start libvirtd there, or set the URI with GuestTemplate.withUri";
        }
        if (errors.contains("Permission denied")) {
            return "; libvirt must be able to reach the file: set another directory with GuestTemplate.withDirectory";
        }
        return "";
    }

    @Override
    public String toString() {
        return connection.toString();
    }
}
