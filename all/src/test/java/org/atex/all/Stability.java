package org.atex.all;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.atex.api.Preview;
import org.atex.api.Stable;

/** The marks that say how long a signature stays. */
final class Stability {
    static final Set<Class<? extends Annotation>> MARKS = Set.of(Stable.class, Preview.class);

    private Stability() {}

    static List<String> marks(AnnotatedElement element) {
        return Stream.of(element.getDeclaredAnnotations())
                .map(Annotation::annotationType)
                .filter(MARKS::contains)
                .map(type -> "@" + type.getSimpleName() + " ")
                .toList();
    }

    /** The mark of a package, with a space behind it; empty if it has none. */
    static String of(String packageName) {
        return String.join("", marks(SignaturesTest.load(packageName + ".package-info")));
    }
}
