package org.atex.slurm;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.AtexException;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.ssh.Carrier;
import org.atex.ssh.Host;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;
import org.atex.support.PrintableText;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection through one step of an allocation. The step runs {@code sshd -i}, whose input and output are those of
 * {@code srun}. So one step serves any number of commands and transfers, and no port of the node is open.
 *
 * <p>Each reconnect starts another step.
 *
 * <p>Lifecycle and thread safety are those of {@link Connection}.
 */
final class ResidentStep implements Connection {
    private static final Logger LOG = LoggerFactory.getLogger(ResidentStep.class);
    private static final int MAX_SAID = 1000;
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(10);
    private static final Duration MESSAGE_WITHIN = Duration.ofSeconds(2);
    private static final Duration END_WITHIN = Duration.ofSeconds(3);

    // srun --unbuffered gives the step a terminal for its output, which would change line breaks. With SHLVL, bash does
    // not read the start-up files of the user for each command, as it does for commands of sshd. Slurm may kill the
    // step at any time. So its files are deleted before sshd starts, which reads them as open files of this bash.
    private static final String STEP_SCRIPT = """
            PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin:/usr/lib/ssh
            sshd=$(type -P sshd) || { echo "there is no sshd on $SLURMD_NODENAME" >&2; exit 127; }
            directory=$(mktemp -d -t "atex-step-$SLURM_JOB_ID.XXXXXX") || exit
            trap 'rm -rf "$directory"' EXIT
            trap 'exit 143' TERM
            if [[ -t 1 ]]; then stty raw -echo <&1 || exit; fi
            ssh-keygen -q -t ed25519 -N '' -f "$directory/key" </dev/null >&2 || exit
            printf '%s\\n' "$1" >"$directory/authorized" || exit
            if [[ $EUID == 0 ]]; then mkdir -p /run/sshd; fi
            cat >"$directory/config" <<END || exit
            HostKey /proc/$$/fd/3
            AuthorizedKeysFile /proc/$$/fd/4
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin prohibit-password
            PidFile none
            MaxSessions 1000
            Subsystem sftp internal-sftp
            SetEnv SHLVL=1 SLURM_JOB_ID=$SLURM_JOB_ID SLURM_JOB_NODELIST=$SLURM_JOB_NODELIST SLURMD_NODENAME=$SLURMD_NODENAME
            LogLevel ERROR
            END
            exec 3<"$directory/key" 4<"$directory/authorized" 5<"$directory/config" || exit
            rm -rf "$directory"
            "$sshd" -i -e -f /proc/$$/fd/5
            exit # bash must stay while sshd reads its open files, and not be replaced by it
            """;

    private final Slurm slurm;
    private final SlurmAllocation allocation;
    private final StepKey key;
    private final Set<Step> steps = ConcurrentHashMap.newKeySet();
    private volatile String said = "";
    private @Nullable SshConnection ssh;

    private ResidentStep(Slurm slurm, SlurmAllocation allocation, StepKey key) {
        this.slurm = slurm;
        this.allocation = allocation;
        this.key = key;
    }

    /**
     * {@return a connection to the node of an allocation}
     *
     * @param slurm the tools
     * @param user the name of the user of the job
     * @param allocation the allocation, which runs
     * @param key the key
     * @param within the time for all attempts together
     */
    static ResidentStep open(Slurm slurm, String user, SlurmAllocation allocation, StepKey key, Duration within)
            throws IOException, InterruptedException {
        ResidentStep step = new ResidentStep(slurm, allocation, key);
        boolean complete = false;
        try {
            SshOptions options = SshOptions.defaults()
                    .withoutConfig()
                    .withoutAgent()
                    .withKey(key.file())
                    .withHostKeys(HostKeys.acceptAny()) // srun has chosen the node, and authenticates it
                    .withCarrier(step::start)
                    .withConnectWithin(within);
            step.ssh = SshConnection.open(Host.of(allocation.node()).withUser(user), options);
            complete = true;
            return step;
        } catch (AtexException e) {
            throw new IOException(
                    "no connection through a step: " + (step.said.isEmpty() ? "" : step.said + ": ") + e.getMessage(),
                    e);
        } finally {
            if (!complete) {
                step.close();
            }
        }
    }

    private List<String> srun() {
        List<String> line = new ArrayList<>(List.of("srun", "--jobid=" + allocation.job(), "--overlap"));
        line.addAll(List.of("--nodes=1", "--ntasks=1", "--nodelist=" + allocation.node(), "--unbuffered", "--quiet"));
        // The variables of this program stay here.
        line.addAll(List.of("--export=NONE", "--chdir=/", "--job-name=atex", "/bin/bash", "-c", STEP_SCRIPT, "bash"));
        line.add(key.publicLine());
        return line;
    }

    private Carrier.Streams start() throws IOException, InterruptedException {
        Command srun = Command.of(srun()).withEnvironment(slurm.environment()).withStdin(Input.pipe());
        try {
            Step step = new Step(slurm.submitHost().start(srun));
            steps.add(step);
            return step;
        } catch (AtexException | IllegalStateException e) {
            said = String.valueOf(e.getMessage());
            throw new IOException(said, e);
        }
    }

    /** One step, whose input and output lead to sshd. */
    private final class Step implements Carrier.Streams {
        private final RunningCommand running;
        private final Thread errors;
        private final AtomicBoolean closing = new AtomicBoolean();
        private volatile @Nullable Thread ending;

        Step(RunningCommand running) {
            this.running = running;
            errors = Threads.startDaemon("step-err-" + allocation.job(), () -> quote(running.stderr()));
        }

        @Override
        public InputStream input() {
            return new FilterInputStream(running.stdout()) {
                @Override
                public int read(byte[] buffer, int offset, int length) throws IOException {
                    int count = super.read(buffer, offset, length);
                    if (count < 0) {
                        // The message of the failure is made after the end.
                        var unused = Threads.join(List.of(errors), MESSAGE_WITHIN);
                    }
                    return count;
                }
            };
        }

        @Override
        public OutputStream output() {
            return running.stdin();
        }

        private void quote(InputStream stderr) {
            try (stderr) {
                byte[] buffer = new byte[4096];
                for (int length; (length = stderr.read(buffer)) >= 0; ) {
                    String more = new String(buffer, 0, length, StandardCharsets.UTF_8).strip();
                    said = PrintableText.of((said + " " + more).strip(), MAX_SAID);
                }
            } catch (IOException e) {
                // The step is gone.
            }
        }

        @Override
        public void close() {
            if (!closing.getAndSet(true)) {
                ending = Threads.startDaemon("step-end-" + allocation.job(), this::end);
            }
        }

        /** sshd ends with its input. */
        private void end() {
            try (running) {
                running.stdin().close();
                var ended = running.await(END_WITHIN);
                LOG.debug("the step on {} ended: {}", allocation.node(), ended);
            } catch (IOException | AtexException | IllegalStateException e) {
                LOG.debug("the step on {} was lost: {}", allocation.node(), e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                steps.remove(this);
            }
        }

        void awaitEnd() {
            close();
            Thread started = ending;
            if (started != null) {
                var unused = Threads.join(List.of(started), CLOSE_WITHIN);
            }
        }
    }

    private SshConnection ssh() {
        SshConnection opened = ssh;
        if (opened == null) {
            throw new IllegalStateException("this connection is closed");
        }
        return opened;
    }

    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        return ssh().start(command);
    }

    @Override
    public CommandResult run(Command command) throws InterruptedException {
        return ssh().run(command);
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        ssh().upload(source, target);
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        ssh().download(source, target);
    }

    @Override
    public void reconnect(Duration within) throws InterruptedException {
        said = "";
        try {
            ssh().reconnect(within);
        } catch (ConnectionLostException e) {
            throw said.isEmpty() ? e : new ConnectionLostException(e.getMessage() + ": " + said, e);
        }
    }

    @Override
    public boolean isThisMachine() {
        return false;
    }

    /** {@return the command that starts a shell in the allocation, if the submit host is this machine} */
    @Override
    public List<String> loginCommand() {
        return slurm.submitHost().isThisMachine()
                ? List.of(
                        "srun",
                        "--jobid=" + allocation.job(),
                        "--overlap",
                        "--nodelist=" + allocation.node(),
                        "--pty",
                        "bash")
                : List.of();
    }

    @Override
    public void close() {
        SshConnection opened = ssh;
        if (opened != null) {
            opened.close();
        }
        steps.forEach(Step::awaitEnd);
    }

    @Override
    public String toString() {
        return allocation.node();
    }
}
