package org.atex.adhoc;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Handles signals of the operating system with {@code sun.misc.Signal}, the JDK's one way to do so. By reflection, since
 * the compiler warns of it in a way that cannot be switched off.
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
     * Has a signal handled; returns what puts back the handling before.
     *
     * @param action returns false if it has nothing to do any more: then the signal is handled as it was before
     */
    static Runnable handle(String name, BooleanSupplier action) {
        try {
            return new OsSignals(name).handle(action);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "this JVM does not let programs handle the signal " + name
                            + ": start it without -Xrs, or do without StopOnSignal",
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

    /** A handler that somebody put there since is left: it is not ours to take away. */
    private void restore(Object handler, Object before) {
        try {
            Object current = set(before);
            if (!handler.equals(current)) {
                set(current);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("could not put back the handling of " + signal, e);
        }
    }

    /** The system's own ways to handle a signal cannot be called. */
    private void passOn(@Nullable Object before) throws ReflectiveOperationException {
        Object standard = handlerType.getField("SIG_DFL").get(null);
        Object ignoring = handlerType.getField("SIG_IGN").get(null);
        if (before != null && !before.equals(standard) && !before.equals(ignoring)) {
            handlerType.getMethod("handle", signal.getClass()).invoke(before, signal);
        }
    }
}
