package org.atex.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/**
 * A JUnit extension that provides a Slurm cluster: {@code munged}, {@code slurmctld} and {@code slurmd} of four nodes
 * {@code n1} to {@code n4} on this host, with a key, ports and a directory of their own. Jobs of the partition
 * {@code urgent} preempt those of others. Needs root.
 *
 * <p>{@snippet :
 * class MyTest {
 *     @RegisterExtension
 *     static final SlurmCluster CLUSTER = new SlurmCluster();
 * }
 * }
 *
 * <p>Lifecycle: in a static field, the cluster exists until the end of the class. The cluster of a killed test JVM is
 * stopped by the next one. If a program is missing, the tests are skipped with the reason; with
 * {@code -Datex.required=true} they fail.
 *
 * <p>Thread safety: for use by the thread of the tests.
 */
public final class SlurmCluster implements BeforeAllCallback, AfterAllCallback {
    private static final boolean REQUIRED = Boolean.getBoolean("atex.required");
    private static final String PREFIX = "atex-slurm-";

    /** Not the temporary directory of the JVM, since Slurm's sockets in it need short names. */
    private static final Path TEMPORARY = Path.of("/tmp");

    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    // The controller waits for a minute before it asks a node again to end the processes of a job.
    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(3);
    private static final int NODES = 4;
    private static final int ATTEMPTS = 5;

    private @Nullable Path directory;

    /** Creates a cluster; register it with JUnit in a static field. */
    public SlurmCluster() {}

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        Optional<String> problem = problem();
        if (problem.isPresent()) {
            if (REQUIRED) {
                throw new AssertionError("a Slurm cluster is required but not available: " + problem.get());
            }
            throw new TestAbortedException("no Slurm cluster is available: " + problem.get());
        }
        removeOrphans();
        start();
    }

    private static Optional<String> problem() throws IOException, InterruptedException {
        for (String program : List.of("munged", "slurmctld", "slurmd", "srun", "sbatch", "sshd")) {
            if (Shell.execute(List.of("bash", "-c", "PATH=$PATH:/usr/sbin:/sbin; type -P " + program))
                            .code()
                    != 0) {
                return Optional.of("there is no " + program + ": run lab/install");
            }
        }
        return Shell.run("id", "-u").equals("0") ? Optional.empty() : Optional.of("it needs root");
    }

    private void start() throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            Path files = Files.createTempDirectory(TEMPORARY, PREFIX + LabOwner.current() + "-");
            directory = files;
            try {
                Files.setPosixFilePermissions(files, PosixFilePermissions.fromString("rwxr-xr-x"));
                startMunge(files);
                Files.writeString(files.resolve("slurm.conf"), configuration(files, ports()));
                startController();
                for (int i = 1; i <= NODES; i++) {
                    startNode("n" + i);
                }
                Waiting.await("all nodes are idle", TIMEOUT, () -> idleNodes() == NODES);
                return;
            } catch (IOException e) {
                String logs = logs(files);
                stop(files);
                // Another program may have taken a port between the choice and the start.
                if (attempt == ATTEMPTS || !logs.contains("Address already in use")) {
                    throw new IOException(e.getMessage() + "\n" + logs, e);
                }
            }
        }
    }

    private static List<Integer> ports() throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i <= NODES; i++) {
                sockets.add(new ServerSocket(0));
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    private static void startMunge(Path files) throws IOException, InterruptedException {
        byte[] key = new byte[128];
        new SecureRandom().nextBytes(key);
        Path keyFile = files.resolve("munge.key");
        Files.write(keyFile, key);
        Files.setPosixFilePermissions(keyFile, PosixFilePermissions.fromString("r--------"));
        daemon(
                files,
                "munged",
                "--force",
                "--key-file=" + keyFile,
                "--socket=" + files.resolve("munge.socket"),
                "--pid-file=" + files.resolve("munged.pid"),
                "--log-file=" + files.resolve("munged.log"),
                "--seed-file=" + files.resolve("munged.seed"));
    }

    private static String configuration(Path files, List<Integer> ports) throws IOException {
        Files.createDirectories(files.resolve("state"));
        Files.createDirectories(files.resolve("spool"));
        StringBuilder text = new StringBuilder("""
                ClusterName=lab
                SlurmctldHost=localhost
                SlurmUser=root
                AuthType=auth/munge
                AuthInfo=socket=%1$s/munge.socket
                SlurmctldPort=%2$d
                StateSaveLocation=%1$s/state
                SlurmdSpoolDir=%1$s/spool/%%n
                SlurmctldPidFile=%1$s/slurmctld.pid
                SlurmdPidFile=%1$s/slurmd.%%n.pid
                SlurmctldLogFile=%1$s/slurmctld.log
                SlurmdLogFile=%1$s/slurmd.%%n.log
                ProctrackType=proctrack/linuxproc
                TaskPlugin=task/none
                SelectType=select/cons_tres
                SelectTypeParameters=CR_Core
                MpiDefault=none
                ReturnToService=2
                SlurmdTimeout=10
                KillWait=2
                PreemptType=preempt/partition_prio
                PreemptMode=REQUEUE
                MinJobAge=60
                SchedulerParameters=sched_interval=1,batch_sched_delay=0
                """.formatted(files, ports.getFirst()));
        for (int i = 1; i <= NODES; i++) {
            text.append("NodeName=n").append(i).append(" NodeHostname=localhost NodeAddr=127.0.0.1 Port=");
            text.append(ports.get(i))
                    .append(" CPUs=1 RealMemory=500 Features=lab,number")
                    .append(i)
                    .append('\n');
        }
        return text.append("PartitionName=main Nodes=n[1-4] Default=YES MaxTime=UNLIMITED State=UP\n")
                .append("PartitionName=short Nodes=n[1-4] MaxTime=5 State=UP\n")
                .append("PartitionName=urgent Nodes=n[1-4] MaxTime=5 PriorityTier=9 State=UP\n")
                .toString();
    }

    /** {@return the configuration file, for the variable {@code SLURM_CONF}} */
    public Path configuration() {
        return files().resolve("slurm.conf");
    }

    private Path files() {
        Path files = directory;
        if (files == null) {
            throw new IllegalStateException("the cluster is not running; register it in a static field");
        }
        return files;
    }

    /**
     * Runs a tool of Slurm that must succeed.
     *
     * @param line the tool and its arguments
     * @return its output
     * @throws IOException if it fails
     * @throws InterruptedException if interrupted
     */
    public String run(String... line) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("env", "SLURM_CONF=" + configuration()));
        all.addAll(List.of(line));
        return Shell.run(all);
    }

    private long idleNodes() throws IOException, InterruptedException {
        try {
            return run("sinfo", "--Node", "--noheader", "--partition=main", "--format=%T")
                    .lines()
                    .filter("idle"::equals)
                    .count();
        } catch (IOException e) {
            return 0; // the controller does not answer yet
        }
    }

    /**
     * Starts the controller.
     *
     * @throws IOException if it does not start
     * @throws InterruptedException if interrupted
     */
    public void startController() throws IOException, InterruptedException {
        daemon(files(), "slurmctld", "-f", configuration().toString());
    }

    /**
     * Starts the daemon of a node.
     *
     * @param node the name of the node
     * @throws IOException if it does not start
     * @throws InterruptedException if interrupted
     */
    public void startNode(String node) throws IOException, InterruptedException {
        daemon(files(), "slurmd", "-f", configuration().toString(), "-N", node);
    }

    /**
     * Stops the controller, which saves its state.
     *
     * @throws IOException if it does not run
     */
    public void stopController() throws IOException {
        Path pidFile = files().resolve("slurmctld.pid");
        ProcessHandle process = process(pidFile);
        process.destroy();
        process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
        Files.deleteIfExists(pidFile);
    }

    /**
     * Kills the controller, which forgets the last seconds.
     *
     * @throws IOException if it does not run
     */
    public void killController() throws IOException {
        kill(files().resolve("slurmctld.pid"));
    }

    /**
     * Kills the daemon of a node, but not its steps.
     *
     * @param node the name of the node
     * @throws IOException if it does not run
     */
    public void killNode(String node) throws IOException {
        kill(files().resolve("slurmd." + node + ".pid"));
    }

    /**
     * Makes a node usable again that is down or drained.
     *
     * @param node the name of the node
     * @throws IOException if it is not usable after 60 s
     * @throws InterruptedException if interrupted
     */
    public void resume(String node) throws IOException, InterruptedException {
        Waiting.await(node + " is usable", TIMEOUT, () -> {
            String state = run("sinfo", "--noheader", "--partition=main", "--nodes=" + node, "--format=%T");
            if (state.startsWith("idle") || state.startsWith("allocated") || state.startsWith("mixed")) {
                return true;
            }
            // It fails if the node has come back by itself meanwhile.
            Shell.execute(List.of(
                    "env", "SLURM_CONF=" + configuration(), "scontrol", "update", "nodename=" + node, "state=resume"));
            return false;
        });
    }

    /**
     * Waits until no job is left and all nodes are idle.
     *
     * @throws IOException if there is one after 3 min; the message has the state of the cluster
     * @throws InterruptedException if interrupted
     */
    public void awaitIdle() throws IOException, InterruptedException {
        try {
            Waiting.await(
                    "no job is left",
                    IDLE_TIMEOUT,
                    () -> run("squeue", "--noheader").isEmpty() && idleNodes() == NODES);
        } catch (IOException e) {
            throw new IOException(
                    e.getMessage() + "\n" + run("squeue", "--format=%all") + "\n" + run("sinfo", "--Node", "--long"),
                    e);
        }
    }

    /**
     * Waits until a job runs.
     *
     * @param job its id
     * @throws IOException if it does not run within 60 s
     * @throws InterruptedException if interrupted
     */
    public void awaitRunning(String job) throws IOException, InterruptedException {
        Waiting.await(
                "job " + job + " runs",
                TIMEOUT,
                () -> run("squeue", "--noheader", "--jobs=" + job, "--format=%T")
                        .equals("RUNNING"));
    }

    private static void daemon(Path files, String... line) throws IOException, InterruptedException {
        Path log = files.resolve(line[0] + ".start.log");
        // The daemons must not keep a pipe of this JVM open.
        Process process = new ProcessBuilder()
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .command(Stream.concat(
                                Stream.of("bash", "-c", "PATH=$PATH:/usr/sbin:/sbin; exec \"$@\"", "bash"),
                                Stream.of(line))
                        .toList())
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException(String.join(" ", line) + " failed: " + Files.readString(log));
        }
    }

    private static ProcessHandle process(Path pidFile) throws IOException {
        return ProcessHandle.of(Long.parseLong(Files.readString(pidFile).strip()))
                .orElseThrow(() -> new IOException("the process of " + pidFile + " does not run"));
    }

    private static void kill(Path pidFile) throws IOException {
        ProcessHandle process = process(pidFile);
        process.destroyForcibly();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
        Files.deleteIfExists(pidFile);
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        Path files = directory;
        if (files != null) {
            stop(files);
        }
    }

    private static void removeOrphans() throws IOException, InterruptedException {
        for (Path files : LabOwner.orphans(TEMPORARY, PREFIX)) {
            stop(files);
        }
    }

    /** Kills all processes of a cluster: daemons, steps, and the tools that talk to it. */
    private static void stop(Path files) throws IOException, InterruptedException {
        // Several times, since a daemon may start a process meanwhile.
        for (int i = 0; i < 3; i++) {
            for (ProcessHandle process : processes(files)) {
                process.destroyForcibly();
                process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
            }
        }
        Shell.remove(files);
    }

    private static List<ProcessHandle> processes(Path files) {
        long self = ProcessHandle.current().pid();
        return ProcessHandle.allProcesses()
                .filter(process -> process.pid() != self)
                .filter(process -> uses(process, files.toString()))
                .toList();
    }

    /** {@return whether the command line or the environment of a process names a directory} */
    private static boolean uses(ProcessHandle process, String files) {
        for (String name : List.of("cmdline", "environ")) {
            try {
                byte[] bytes = Files.readAllBytes(Path.of("/proc/" + process.pid(), name));
                if (new String(bytes, UTF_8).contains(files + "/")) {
                    return true;
                }
            } catch (IOException e) {
                // It has ended.
            }
        }
        return false;
    }

    private static String logs(Path files) throws IOException {
        StringBuilder text = new StringBuilder();
        try (Stream<Path> all = Files.list(files)) {
            for (Path log : all.filter(file -> file.toString().endsWith(".log")).toList()) {
                text.append(log.getFileName()).append(":\n").append(Files.readString(log));
            }
        }
        return text.toString();
    }
}
