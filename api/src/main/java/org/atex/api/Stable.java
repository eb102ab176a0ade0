package org.atex.api;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a package or type whose public signatures stay compatible within a major version.
 *
 * <p>The mark of a package holds for its types, except for those with a mark of their own. A type is a part of the API if
 * it is public or protected, and its package is exported. The full policy is in {@code docs/compatibility.md}.
 *
 * @see Preview
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.PACKAGE, ElementType.TYPE})
public @interface Stable {}
