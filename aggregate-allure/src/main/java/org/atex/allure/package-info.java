/** Writes test results in the format of Allure. */
@NullMarked
@Preview
package org.atex.allure;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
