package org.atex.slurm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.support.PrintableText;

/** The tools of Slurm on a submit host. Thread-safe. */
final class Slurm {
    private static final int MAX_MESSAGE = 1000;

    /** The limit for one call of a tool, in seconds. The tools themselves give up earlier in most cases. */
    private static final String TOOL_SECONDS = "60";

    // The shell that waits ends on SIGTERM at once.
    private static final String JOB_SCRIPT = """
            #!/bin/bash
            trap 'exit 0' TERM
            while :; do sleep infinity & wait $!; done
            """;

    private final Connection submitHost;
    private final Map<String, String> environment;

    Slurm(Connection submitHost, Map<String, String> environment) {
        this.submitHost = submitHost;
        this.environment = environment;
    }

    Connection submitHost() {
        return submitHost;
    }

    Map<String, String> environment() {
        return environment;
    }

    /**
     * Submits a job.
     *
     * @param options options of {@code sbatch}
     * @return its id
     * @throws IOException if Slurm refuses it; the message is Slurm's
     */
    String submit(List<String> options) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("sbatch", "--parsable"));
        line.addAll(options);
        String printed = run(Command.of(limited(line)).withStdin(Input.text(JOB_SCRIPT)));
        // The id, and in a federation the name of the cluster after a semicolon.
        String id = printed.strip().replaceAll(";.*", "");
        if (!id.matches("\\d+")) {
            throw new IOException("sbatch printed no job id: '" + PrintableText.of(printed, MAX_MESSAGE) + "'");
        }
        return id;
    }

    /** {@return the jobs of this user with a name; ended ones too, until Slurm forgets them} */
    List<Job> jobs(String name) throws IOException, InterruptedException {
        return squeue("--states=all", "--name=" + name);
    }

    /** {@return all jobs of this user that have not ended} */
    List<Job> jobs() throws IOException, InterruptedException {
        return squeue();
    }

    private List<Job> squeue(String... options) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("squeue", "--me", "--noheader", "--format=" + Job.FORMAT));
        line.addAll(List.of(options));
        return tool(line).lines().map(Job::parse).filter(Objects::nonNull).toList();
    }

    /** {@return the nodes of the cluster, each once} */
    List<SlurmNode> nodes(String... options) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("sinfo", "--Node", "--noheader", "--format=" + SlurmNode.FORMAT));
        line.addAll(List.of(options));
        return tool(line)
                .lines()
                .map(SlurmNode::parse)
                .filter(Objects::nonNull)
                .distinct() // a node is listed once for each of its partitions
                .toList();
    }

    /** {@return the nodes that a list such as {@code n[1-4]} names} */
    List<String> hostnames(String list) throws IOException, InterruptedException {
        return tool(List.of("scontrol", "show", "hostnames", list)).lines().toList();
    }

    /** Cancels jobs. Jobs that have ended are no error. */
    void cancel(List<String> jobs) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("scancel"));
        line.addAll(jobs);
        try {
            tool(line);
        } catch (IOException e) {
            if (!String.valueOf(e.getMessage()).matches("(?s).*(Invalid job id|already complet).*")) {
                throw e;
            }
        }
    }

    /** {@return the name of the user of the submit host} */
    String user() throws IOException, InterruptedException {
        return tool(List.of("id", "-un")).strip();
    }

    private String tool(List<String> line) throws IOException, InterruptedException {
        return run(Command.of(limited(line)));
    }

    private static List<String> limited(List<String> line) {
        List<String> limited = new ArrayList<>(List.of("timeout", "--kill-after=5", TOOL_SECONDS));
        limited.addAll(line);
        return limited;
    }

    private String run(Command command) throws IOException, InterruptedException {
        String name = command.arguments().get(3);
        CommandResult result;
        try {
            result = submitHost.run(command.withEnvironment(environment).withEnvironment("SLURM_TIME_FORMAT", "%s"));
        } catch (ConnectionLostException e) {
            throw new IOException("the submit host is lost: " + e.getMessage(), e);
        }
        if (result.succeeded()) {
            return result.stdout();
        }
        String said = result.stderr().isBlank() ? result.stdout() : result.stderr();
        throw new IOException(name + " on " + submitHost + " ended with " + result.end()
                + (result.end().shellCode() == 124 ? " after " + TOOL_SECONDS + " s without an answer" : "") + ": "
                + PrintableText.of(said.strip(), MAX_MESSAGE));
    }
}
