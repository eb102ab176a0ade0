package org.atex.testkit;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;

/** A correct command, which broken ones extend. */
class DelegatingCommand implements RunningCommand {
    private final RunningCommand good;

    DelegatingCommand(RunningCommand good) {
        this.good = good;
    }

    @Override
    public OutputStream stdin() {
        return good.stdin();
    }

    @Override
    public InputStream stdout() {
        return good.stdout();
    }

    @Override
    public InputStream stderr() {
        return good.stderr();
    }

    @Override
    public CommandEnd await() throws InterruptedException {
        return good.await();
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        return good.await(atMost);
    }

    @Override
    public void close() {
        good.close();
    }

    boolean hasEnded() {
        boolean interrupted = Thread.interrupted();
        try {
            return good.await(Duration.ZERO).isPresent();
        } catch (ConnectionLostException e) {
            return true;
        } catch (InterruptedException e) {
            throw new AssertionError("the interrupt was cleared above", e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
