package org.atex.ssh;

import net.schmizz.sshj.common.LoggerFactory;
import org.slf4j.Logger;
import org.slf4j.helpers.NOPLogger;

/**
 * Disables the logging of sshj: at trace level it logs whole packets with passwords, and each lost link as an error.
 */
final class SilentLoggers implements LoggerFactory {
    static final LoggerFactory LOGGERS = new SilentLoggers();

    private SilentLoggers() {}

    @Override
    public Logger getLogger(String name) {
        return NOPLogger.NOP_LOGGER;
    }

    @Override
    public Logger getLogger(Class<?> type) {
        return NOPLogger.NOP_LOGGER;
    }
}
