package org.atex.fmf;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import org.atex.api.CommandEnd;
import org.atex.api.RunningCommand;

/** A wrapper that ends with its connection: the end of its standard input kills the test. */
record ConnectedWrapper(RunningCommand command) implements Wrapper {
    @Override
    public OutputStream lifeline() {
        return command.stdin();
    }

    @Override
    public InputStream control() {
        return command.stdout();
    }

    @Override
    public InputStream output() {
        return command.stderr();
    }

    @Override
    public CommandEnd await() throws InterruptedException {
        return command.await();
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        return command.await(atMost);
    }

    @Override
    public boolean isDisconnected() {
        return false;
    }

    @Override
    public void close() {
        command.close();
    }
}
