package org.atex.interleave;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;

/**
 * An actor that is a thread of this JVM.
 *
 * <p>It is a platform thread: of virtual threads, the JVM tells neither the lock that they wait for nor its owner, and
 * code under test may block in native methods. It is a daemon, so that code that cannot be interrupted does not keep
 * the JVM alive.
 */
final class ActorThread implements Actor {
    private final String name;
    private final Runner runner;

    ActorThread(String name, ActorBody body) {
        this.name = name;
        this.runner = new Runner(name, body);
    }

    /** The type by which {@link Checkpoints#ofCurrentActor} finds the actor of a thread. */
    private static final class Runner extends Thread {
        private final ActorBody body;
        private volatile @Nullable Gate gate;

        Runner(String name, ActorBody body) {
            super("atex-actor-" + name);
            this.body = body;
            setDaemon(true);
        }

        private Gate gate() {
            return Objects.requireNonNull(gate, "the thread runs, so it was started with a gate");
        }

        @Override
        public void run() {
            Throwable failure = null;
            try {
                body.run(checkpoint -> gate().reach(Point.explicit(checkpoint)));
                gate().reach(Point.END);
            } catch (Throwable e) {
                failure = e;
            }
            gate().ended(failure);
        }
    }

    static void reachAsCurrentActor(String checkpoint) throws InterruptedException {
        String explicit = Point.explicit(checkpoint);
        if (Thread.currentThread() instanceof Runner runner) {
            runner.gate().reach(explicit);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void start(Gate gate) {
        runner.gate = gate;
        runner.start();
    }

    @Override
    public void interrupt() {
        runner.interrupt();
    }

    @Override
    public boolean awaitEnd(Duration atMost) {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            return section.join(runner, atMost);
        }
    }

    @Override
    public Activity activity() {
        ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(runner.threadId(), Integer.MAX_VALUE);
        if (info == null) {
            return new Activity("ended", false, Activity.UNKNOWN, List.of());
        }
        Thread.State state = info.getThreadState();
        boolean waiting = state == Thread.State.BLOCKED || state == Thread.State.WAITING;
        String lock = info.getLockName() == null ? "" : ", waits for " + info.getLockName();
        String owner = info.getLockOwnerName() == null ? "" : ", held by thread " + info.getLockOwnerName();
        return new Activity(
                state + lock + owner,
                waiting,
                info.getLockOwnerId(),
                Stream.of(info.getStackTrace())
                        .map(frame -> "at " + plain(frame))
                        .toList());
    }

    /** {@return a frame without the class loader and the module} */
    private static StackTraceElement plain(StackTraceElement frame) {
        return new StackTraceElement(
                frame.getClassName(), frame.getMethodName(), frame.getFileName(), frame.getLineNumber());
    }
}
