package org.atex.interleave;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Calls an object, with a checkpoint before and after each call.
 *
 * @param checkpoints the checkpoints
 * @param name the name of the object in names of checkpoints
 * @param target the object
 */
record WrappedCalls(Checkpoints checkpoints, String name, Object target) implements InvocationHandler {
    static <T> T wrap(Checkpoints checkpoints, Class<T> type, String name, T target) {
        if (!type.isInterface() || type.isSealed()) {
            throw new IllegalArgumentException(
                    "cannot wrap a " + type.getName() + ": only an interface that is not sealed can be wrapped");
        }
        if (name.isBlank()) {
            throw new IllegalArgumentException(
                    "cannot name a wrapped " + type.getSimpleName() + " '" + name + "': use a name that is not blank");
        }
        for (Method method : type.getMethods()) {
            if (!method.trySetAccessible()) {
                throw new IllegalArgumentException("cannot wrap a " + type.getName() + ": its module does not allow the"
                        + " call of " + method.getName() + "; open or export its package to "
                        + WrappedCalls.class.getModule().getName());
            }
        }
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, new WrappedCalls(checkpoints, name, target)));
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        if (method.getDeclaringClass().equals(Object.class)) {
            return ofObject(method, arguments);
        }
        reach("before", method);
        @Nullable Object result;
        try {
            result = call(method, arguments);
        } catch (Throwable e) {
            reachAfterFailure(method);
            throw e;
        }
        reach("after", method);
        return result;
    }

    /** Two wrapped objects are equal if the objects are, so that equals() stays symmetric. */
    private @Nullable Object ofObject(Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
        if (arguments != null
                && arguments.length == 1
                && arguments[0] instanceof Proxy other
                && Proxy.getInvocationHandler(other) instanceof WrappedCalls calls) {
            return call(method, new @Nullable Object[] {calls.target});
        }
        return call(method, arguments);
    }

    private @Nullable Object call(Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
        // The proxy has its own Method objects, so the access of those that wrap() has checked does not apply to them.
        method.trySetAccessible();
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }

    private void reachAfterFailure(Method method) {
        try {
            reach("after", method);
        } catch (InterruptedException e) {
            // The failure of the call is more important; the interrupt stays visible.
            Thread.currentThread().interrupt();
        } catch (CancellationException e) {
            // As above: the interrupt is pending already.
        }
    }

    private void reach(String when, Method method) throws InterruptedException {
        try {
            checkpoints.reach(when + " " + name + "." + method.getName());
        } catch (InterruptedException e) {
            if (Stream.of(method.getExceptionTypes()).anyMatch(type -> type.isInstance(e))) {
                throw e;
            }
            Thread.currentThread().interrupt();
            CancellationException unchecked = new CancellationException(
                    "could not go on with a call of " + name + "." + method.getName() + ": the interleaving is closed");
            unchecked.initCause(e);
            throw unchecked;
        }
    }
}
