package org.atex.adhoc;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * Handles signals of the operating system with {@code sun.misc.Signal}, the JDK's one way to do so. By reflection, since
 * the compiler warns of it in a way that cannot be switched off.
 */
final class OsSignals {
    private OsSignals() {}

    /** Has a signal handled; returns what puts back the handling before. */
    static Runnable handle(String name, Runnable action) {
        try {
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object signal = signalType.getConstructor(String.class).newInstance(name);
            InvocationHandler invoke = (proxy, method, arguments) -> switch (method.getName()) {
                case "handle" -> {
                    action.run();
                    yield null;
                }
                case "hashCode" -> System.identityHashCode(proxy);
                case "equals" -> System.identityHashCode(proxy) == System.identityHashCode(arguments[0]);
                default -> "handler of " + name;
            };
            Object handler = Proxy.newProxyInstance(handlerType.getClassLoader(), new Class<?>[] {handlerType}, invoke);
            Object before = set(signalType, handlerType, signal, handler);
            return () -> restore(signalType, handlerType, signal, before);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM does not let programs handle the signal " + name, e);
        }
    }

    private static Object set(Class<?> signalType, Class<?> handlerType, Object signal, Object handler)
            throws ReflectiveOperationException {
        return signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, handler);
    }

    private static void restore(Class<?> signalType, Class<?> handlerType, Object signal, Object before) {
        try {
            set(signalType, handlerType, signal, before);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("could not put back the handling of " + signal, e);
        }
    }
}
