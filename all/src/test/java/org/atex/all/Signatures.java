package org.atex.all;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedArrayType;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.AnnotatedTypeVariable;
import java.lang.reflect.AnnotatedWildcardType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Prints the signatures that a program can compile or link against, as sorted text: one block per public or protected
 * type, one line per member.
 */
final class Signatures {
    private Signatures() {}

    /** Prints the type and its accessible nested types. Prints nothing for a type that users cannot access. */
    static String of(Class<?> type) {
        if (!isAccessible(type)) {
            return "";
        }
        StringBuilder text = new StringBuilder(header(type)).append('\n');
        if (type.isEnum()) {
            // In their order: it is the order of values() and compareTo().
            for (Object constant : type.getEnumConstants()) {
                text.append("  ").append(((Enum<?>) constant).name()).append('\n');
            }
        }
        for (String member : members(type).values()) {
            text.append("  ").append(member).append('\n');
        }
        Stream.of(type.getDeclaredClasses())
                .sorted((a, b) -> a.getName().compareTo(b.getName()))
                .forEach(nested -> text.append(of(nested)));
        return text.toString();
    }

    private static boolean isAccessible(Class<?> type) {
        Class<?> outer = type.getDeclaringClass();
        return !type.isSynthetic()
                && !type.isAnonymousClass()
                && !type.isLocalClass()
                && (outer == null
                        ? Modifier.isPublic(type.getModifiers())
                        : isAccessible(type.getModifiers(), outer) && isAccessible(outer));
    }

    /** A protected member of a class that cannot be extended is out of reach. */
    private static boolean isAccessible(int modifiers, Class<?> owner) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers) && canBeExtended(owner);
    }

    private static boolean canBeExtended(Class<?> type) {
        return !Modifier.isFinal(type.getModifiers())
                && !type.isSealed()
                && Stream.of(type.getDeclaredConstructors())
                        .anyMatch(constructor ->
                                (constructor.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0);
    }

    private static String header(Class<?> type) {
        List<String> words = new ArrayList<>(marks(type));
        int modifiers = type.getModifiers();
        if (Modifier.isProtected(modifiers)) {
            words.add("protected");
        }
        boolean plainClass = !type.isInterface() && !type.isEnum() && !type.isRecord();
        if (type.getDeclaringClass() != null && plainClass && Modifier.isStatic(modifiers)) {
            words.add("static");
        }
        if (plainClass && Modifier.isAbstract(modifiers)) {
            words.add("abstract");
        }
        if (plainClass && Modifier.isFinal(modifiers)) {
            words.add("final");
        }
        if (type.isSealed() && !type.isEnum()) {
            words.add("sealed");
        }
        words.add(
                type.isAnnotation()
                        ? "@interface"
                        : type.isInterface()
                                ? "interface"
                                : type.isEnum() ? "enum" : type.isRecord() ? "record" : "class");
        String name = name(type) + typeParameters(type.getTypeParameters());
        if (type.isRecord()) {
            name += Stream.of(type.getRecordComponents())
                    .map(component -> print(component.getAnnotatedType()) + " " + component.getName())
                    .collect(Collectors.joining(", ", "(", ")"));
        }
        words.add(name);
        if (plainClass) {
            AnnotatedType parent = parent(type);
            if (parent != null && parent.getType() != Object.class) {
                words.add("extends " + print(parent));
            }
        }
        if (!type.isAnnotation()) {
            String interfaces = parts(type).stream()
                    .flatMap(part -> Stream.of(part.getAnnotatedInterfaces()))
                    .filter(implemented -> !parts(type).contains(raw(implemented)))
                    .map(Signatures::print)
                    .distinct()
                    .sorted()
                    .collect(Collectors.joining(", "));
            if (!interfaces.isEmpty()) {
                words.add((type.isInterface() ? "extends " : "implements ") + interfaces);
            }
        }
        if (type.isSealed() && !type.isEnum()) {
            words.add(Stream.of(type.getPermittedSubclasses())
                    .filter(Signatures::isAccessible)
                    .map(Signatures::name)
                    .sorted()
                    .collect(Collectors.joining(", ", "permits ", "")));
        }
        return String.join(" ", words);
    }

    /** The nearest superclass that users can name; null for interfaces. */
    private static @Nullable AnnotatedType parent(Class<?> type) {
        Class<?> child = type;
        while (child.getSuperclass() != null
                && !Modifier.isPublic(child.getSuperclass().getModifiers())) {
            child = child.getSuperclass();
        }
        return child.getAnnotatedSuperclass();
    }

    /** A line for each member, sorted by name. */
    private static SortedMap<String, String> members(Class<?> type) {
        SortedMap<String, String> lines = new TreeMap<>();
        for (Class<?> part : parts(type)) {
            for (Field field : part.getDeclaredFields()) {
                if (isShown(field, type) && !field.isEnumConstant()) {
                    add(lines, field, field(field));
                }
            }
            for (Method method : part.getDeclaredMethods()) {
                if (isShown(method, type) && !isImplied(method, type)) {
                    add(lines, method, method(method));
                }
            }
        }
        for (Constructor<?> constructor : type.getDeclaredConstructors()) {
            boolean canonical = type.isRecord() && parameterTypes(constructor).equals(componentTypes(type));
            if (isShown(constructor, type) && !type.isEnum() && !canonical) {
                add(lines, constructor, constructor(constructor));
            }
        }
        return lines;
    }

    private static void add(SortedMap<String, String> lines, Member member, String line) {
        lines.put((member instanceof Constructor ? "" : member.getName()) + " " + line, line);
    }

    /** The type itself, and those of its supertypes that users cannot name: their public members are the type's own. */
    private static Set<Class<?>> parts(Class<?> type) {
        Set<Class<?>> parts = new LinkedHashSet<>(List.of(type));
        Stream.concat(Stream.ofNullable(type.getSuperclass()), Stream.of(type.getInterfaces()))
                .filter(parent -> !Modifier.isPublic(parent.getModifiers()))
                .forEach(parent -> parts.addAll(parts(parent)));
        return parts;
    }

    private static boolean isShown(Member member, Class<?> type) {
        return !member.isSynthetic() && isAccessible(member.getModifiers(), type);
    }

    /** What each enum, record or object has anyway. */
    private static boolean isImplied(Method method, Class<?> type) {
        String name = method.getName();
        List<Class<?>> parameters = List.of(method.getParameterTypes());
        boolean ofObject = name.equals("toString") && parameters.isEmpty()
                || name.equals("hashCode") && parameters.isEmpty()
                || name.equals("equals") && parameters.equals(List.of(Object.class));
        boolean ofEnum = type.isEnum()
                && (name.equals("values") && parameters.isEmpty()
                        || name.equals("valueOf") && parameters.equals(List.of(String.class)));
        boolean ofRecord = type.isRecord()
                && parameters.isEmpty()
                && Stream.of(type.getRecordComponents())
                        .map(RecordComponent::getName)
                        .anyMatch(name::equals);
        return ofObject || ofEnum || ofRecord;
    }

    private static List<Class<?>> parameterTypes(Constructor<?> constructor) {
        return List.of(constructor.getParameterTypes());
    }

    private static List<Class<?>> componentTypes(Class<?> record) {
        return Stream.of(record.getRecordComponents())
                .<Class<?>>map(RecordComponent::getType)
                .toList();
    }

    private static String field(Field field) {
        return modifiers(field, Modifier.STATIC | Modifier.FINAL) + print(field.getAnnotatedType()) + " "
                + field.getName() + constant(field);
    }

    /** The value of a constant, which the compiler copies into programs that use it. */
    private static String constant(Field field) {
        int modifiers = field.getModifiers();
        boolean copied = field.getType().isPrimitive() || field.getType() == String.class;
        if (!copied || !Modifier.isStatic(modifiers) || !Modifier.isFinal(modifiers)) {
            return "";
        }
        try {
            field.setAccessible(true);
            return " = " + field.get(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError("could not read " + field, e);
        }
    }

    private static String method(Method method) {
        boolean inInterface = method.getDeclaringClass().isInterface();
        String kind = method.isDefault() ? "default " : "";
        Object value = method.getDefaultValue();
        return modifiers(method, Modifier.STATIC | Modifier.FINAL | (inInterface ? 0 : Modifier.ABSTRACT))
                + kind
                + typeParametersOf(method)
                + print(method.getAnnotatedReturnType()) + " "
                + method.getName() + parameters(method)
                + (value == null ? "" : " default " + value);
    }

    private static String constructor(Constructor<?> constructor) {
        return modifiers(constructor, 0) + typeParametersOf(constructor) + "new" + parameters(constructor);
    }

    private static String typeParametersOf(Executable executable) {
        String parameters = typeParameters(executable.getTypeParameters());
        return parameters.isEmpty() ? "" : parameters + " ";
    }

    private static String parameters(Executable executable) {
        List<String> parameters = new ArrayList<>(Arrays.stream(executable.getAnnotatedParameterTypes())
                .map(Signatures::print)
                .toList());
        if (executable.isVarArgs()) {
            parameters.add(parameters.removeLast().replaceFirst("\\[]$", "..."));
        }
        String thrown = Stream.of(executable.getAnnotatedExceptionTypes())
                .map(Signatures::print)
                .sorted()
                .collect(Collectors.joining(", "));
        return "(" + String.join(", ", parameters) + ")" + (thrown.isEmpty() ? "" : " throws " + thrown);
    }

    private static <T extends AnnotatedElement & Member> String modifiers(T member, int shown) {
        List<String> words = new ArrayList<>(marks(member));
        if (Modifier.isProtected(member.getModifiers())) {
            words.add("protected");
        }
        words.add(Modifier.toString(member.getModifiers() & shown));
        String text = String.join(" ", words).strip();
        return text.isEmpty() ? "" : text + " ";
    }

    /** Annotations that are promises or warnings to users. */
    private static List<String> marks(AnnotatedElement element) {
        return Stream.of(element.getDeclaredAnnotations())
                .map(Annotation::annotationType)
                .filter(type -> type == Deprecated.class || Stability.MARKS.contains(type))
                .map(type -> "@" + type.getSimpleName())
                .sorted()
                .toList();
    }

    private static String typeParameters(TypeVariable<?>[] variables) {
        return variables.length == 0
                ? ""
                : Stream.of(variables).map(Signatures::variable).collect(Collectors.joining(", ", "<", ">"));
    }

    private static String variable(TypeVariable<?> variable) {
        String bounds = Stream.of(variable.getAnnotatedBounds())
                .map(Signatures::print)
                .filter(bound -> !bound.equals("Object"))
                .collect(Collectors.joining(" & "));
        return variable.getName() + (bounds.isEmpty() ? "" : " extends " + bounds);
    }

    private static String print(AnnotatedType type) {
        return switch (type) {
            case AnnotatedArrayType array ->
                print(array.getAnnotatedGenericComponentType()) + nullable(type, " ") + "[]";
            case AnnotatedParameterizedType generic ->
                nullable(type, "")
                        + name(raw(generic))
                        + Stream.of(generic.getAnnotatedActualTypeArguments())
                                .map(Signatures::print)
                                .collect(Collectors.joining(", ", "<", ">"));
            case AnnotatedTypeVariable variable ->
                nullable(type, "") + ((TypeVariable<?>) variable.getType()).getName();
            case AnnotatedWildcardType wildcard -> wildcard(wildcard);
            default -> nullable(type, "") + name((Class<?>) type.getType());
        };
    }

    private static Class<?> raw(AnnotatedType type) {
        return (Class<?>) (type.getType() instanceof ParameterizedType generic ? generic.getRawType() : type.getType());
    }

    private static String wildcard(AnnotatedWildcardType wildcard) {
        AnnotatedType[] lower = wildcard.getAnnotatedLowerBounds();
        if (lower.length > 0) {
            return "? super " + print(lower[0]);
        }
        AnnotatedType[] upper = wildcard.getAnnotatedUpperBounds();
        return upper.length == 0 || print(upper[0]).equals("Object") ? "?" : "? extends " + print(upper[0]);
    }

    private static String nullable(AnnotatedType type, String before) {
        return type.isAnnotationPresent(Nullable.class) ? before + "@Nullable " : "";
    }

    /** The name as in source, without {@code java.lang}. */
    private static String name(Class<?> type) {
        String name = type.getCanonicalName();
        boolean implied = type.getPackageName().equals("java.lang") && !type.isPrimitive();
        return implied ? name.substring("java.lang.".length()) : name;
    }
}
