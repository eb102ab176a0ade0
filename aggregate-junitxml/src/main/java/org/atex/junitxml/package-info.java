/** Writes test results as a JUnit XML file that is complete at any time. */
@NullMarked
package org.atex.junitxml;

import org.jspecify.annotations.NullMarked;
