package org.atex.console;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Handles signals of the operating system with {@code sun.misc.Signal}, the only API of the JDK for it. Uses
 * reflection, because javac's warning about this internal API cannot be suppressed.
 */
final class OsSignals {
    private final Object signal;
    private final Class<?> handlerType;
    private final Method set;

    private OsSignals(String name) throws ReflectiveOperationException {
        Class<?> signalType = Class.forName("sun.misc.Signal");
        handlerType = Class.forName("sun.misc.SignalHandler");
        signal = signalType.getConstructor(String.class).newInstance(name);
        set = signalType.getMethod("handle", signalType, handlerType);
    }

    /**
     * Installs a handler for a signal; the returned action restores the previous handler.
     *
     * @param action returns false if it has nothing to stop: the signal is then passed to the previous handler
     */
    static Runnable handle(String name, BooleanSupplier action) {
        try {
            return new OsSignals(name).handle(action);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "could not handle the signal " + name
                            + ": the JVM reserves it; start the JVM without -Xrs, or do not install StopOnSignal",
                    e);
        }
    }

    private Runnable handle(BooleanSupplier action) throws ReflectiveOperationException {
        AtomicReference<Object> before = new AtomicReference<>();
        InvocationHandler invoke = (proxy, method, arguments) -> switch (method.getName()) {
            case "handle" -> {
                if (!action.getAsBoolean()) {
                    passOn(before.get());
                }
                yield null;
            }
            case "hashCode" -> System.identityHashCode(proxy);
            case "equals" -> System.identityHashCode(proxy) == System.identityHashCode(arguments[0]);
            default -> "handler of " + signal;
        };
        Object handler = Proxy.newProxyInstance(handlerType.getClassLoader(), new Class<?>[] {handlerType}, invoke);
        before.set(set(handler));
        return () -> restore(handler, before.get());
    }

    private Object set(Object handler) throws ReflectiveOperationException {
        return set.invoke(null, signal, handler);
    }

    /** Restores the previous handler, unless the program has replaced this one since. */
    private void restore(Object handler, Object before) {
        try {
            // The API has no getter: set() returns the handler that it replaced.
            Object current = set(before);
            if (!handler.equals(current)) {
                set(current);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("could not restore the handler of " + signal, e);
        }
    }

    /** Calls the previous handler. The constants SIG_DFL and SIG_IGN cannot be called. */
    private void passOn(@Nullable Object before) throws ReflectiveOperationException {
        Object standard = handlerType.getField("SIG_DFL").get(null);
        Object ignoring = handlerType.getField("SIG_IGN").get(null);
        if (before != null && !before.equals(standard) && !before.equals(ignoring)) {
            handlerType.getMethod("handle", signal.getClass()).invoke(before, signal);
        }
    }
}
