package org.atex.fmf.tree;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Types, equality and arithmetic of metadata values.
 *
 * <p>Values are null, {@code Boolean}, {@code Long} or {@code BigInteger} (only beyond 64 bits), {@code Double}, {@code
 * String}, {@code LocalDate}, {@code LocalDateTime}, {@link FmfBinary}, {@link Sequence}, {@link Mapping} and sets.
 * Equality is that of Python: 1, 1.0 and true are equal.
 */
final class Values {
    private static final BigInteger MIN = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger MAX = BigInteger.valueOf(Long.MAX_VALUE);

    private Values() {}

    /** {@return the type of a value, as named in error messages} */
    static String typeOf(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case String text -> "text";
            case Boolean bool -> "a boolean";
            case Long number -> "an integer";
            case BigInteger number -> "an integer";
            case Double number -> "a floating-point number";
            case Mapping mapping -> "a mapping";
            case Sequence sequence -> sequence.isTuple() ? "a tuple" : "a list";
            case Map<?, ?> map -> "a mapping";
            case Iterable<?> items -> value instanceof Set ? "a set" : "a list";
            case FmfBinary bytes -> "binary data";
            default -> "a date";
        };
    }

    /** {@return the value if it is a list but not a tuple, else null} */
    static @Nullable Sequence list(@Nullable Object value) {
        return value instanceof Sequence sequence && !sequence.isTuple() ? sequence : null;
    }

    /** {@return whether the value is a number in Python, which includes booleans} */
    static boolean isNumber(@Nullable Object value) {
        return value instanceof Number || value instanceof Boolean;
    }

    /** {@return the sum of two numbers, or their difference if {@code negative}, as in Python} */
    static Object add(Object left, Object right, boolean negative) {
        if (left instanceof Double || right instanceof Double) {
            var summand = toDouble(right);
            return toDouble(left) + (negative ? -summand : summand);
        }
        var summand = toInteger(right);
        return integer(toInteger(left).add(negative ? summand.negate() : summand));
    }

    /** {@return the integer as a {@code Long} if it fits, else as it is} */
    static Object integer(BigInteger number) {
        return number.compareTo(MIN) >= 0 && number.compareTo(MAX) <= 0 ? (Object) number.longValue() : number;
    }

    private static double toDouble(Object number) {
        var result = number instanceof Double real ? real : toInteger(number).doubleValue();
        if (Double.isInfinite(result) && !(number instanceof Double)) {
            throw new FmfException(
                    FmfException.Kind.INVALID_VALUE,
                    "Could not add an integer to a floating-point number: the integer is too large");
        }
        return result;
    }

    private static BigInteger toInteger(Object number) {
        return switch (number) {
            case Boolean bool -> bool ? BigInteger.ONE : BigInteger.ZERO;
            case BigInteger big -> big;
            case Number other -> BigInteger.valueOf(other.longValue());
            default -> throw new IllegalArgumentException("not a number: " + typeOf(number));
        };
    }

    /** {@return whether two values are deeply equal, as in Python} */
    @SuppressWarnings("ReferenceEquality") // A shortcut for the common case.
    static boolean equal(@Nullable Object a, @Nullable Object b) {
        if (a == b) {
            return !(a instanceof Double real && real.isNaN());
        }
        if (a == null || b == null) {
            return false;
        }
        if (a instanceof String) {
            return a.equals(b);
        }
        if (isNumber(a) || isNumber(b)) {
            return isNumber(a) && isNumber(b) && equalNumbers(a, b);
        }
        if (a instanceof Sequence left) {
            return b instanceof Sequence right && left.isTuple() == right.isTuple() && equalItems(left, right);
        }
        if (a instanceof Mapping left) {
            return b instanceof Mapping right && left.size() == right.size() && equalEntries(left, right);
        }
        return Objects.equals(a, b);
    }

    private static boolean equalItems(Sequence left, Sequence right) {
        if (left.size() != right.size()) {
            return false;
        }
        for (var i = 0; i < left.size(); i++) {
            if (!equal(left.get(i), right.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean equalEntries(Mapping left, Mapping right) {
        for (var i = 0; i < left.size(); i++) {
            var key = left.keyAt(i);
            if (!right.containsKey(key) || !equal(left.valueAt(i), right.get(key))) {
                return false;
            }
        }
        return true;
    }

    private static boolean equalNumbers(Object a, Object b) {
        if (a instanceof Long left && b instanceof Long right) {
            return left.longValue() == right.longValue();
        }
        if (a instanceof Double left && b instanceof Double right) {
            return left.doubleValue() == right.doubleValue();
        }
        if (a instanceof Double real) {
            return equalExactly(real, toInteger(b));
        }
        return b instanceof Double real
                ? equalExactly(real, toInteger(a))
                : toInteger(a).equals(toInteger(b));
    }

    private static boolean equalExactly(double real, BigInteger integer) {
        return !Double.isNaN(real)
                && !Double.isInfinite(real)
                && new BigDecimal(real).compareTo(new BigDecimal(integer)) == 0;
    }

    /** {@return a hash code consistent with {@link #equal}} */
    static int hash(@Nullable Object value) {
        if (value instanceof Boolean bool) {
            return Double.hashCode(bool ? 1.0 : 0.0);
        }
        if (value instanceof Number number) {
            // Integers and floats that are equal must agree. Adding 0.0 turns -0.0 into 0.0.
            return Double.hashCode(number.doubleValue() + 0.0);
        }
        if (value instanceof Sequence sequence) {
            var hash = 1;
            for (var item : sequence) {
                hash = 31 * hash + hash(item);
            }
            return hash;
        }
        return Objects.hashCode(value);
    }
}
