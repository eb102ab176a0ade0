package org.atex.api;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a package, type or member that may change or disappear in any minor version.
 *
 * <p>The mark overrides {@link Stable} of an enclosing element. A patch version changes nothing that has this mark. The
 * full policy is in {@code docs/compatibility.md}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.PACKAGE, ElementType.TYPE, ElementType.METHOD, ElementType.CONSTRUCTOR, ElementType.FIELD})
public @interface Preview {}
