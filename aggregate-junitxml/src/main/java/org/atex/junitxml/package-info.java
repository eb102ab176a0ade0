/** Writes test results as a JUnit XML file that is complete at any time. */
@NullMarked
@Stable
package org.atex.junitxml;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;
