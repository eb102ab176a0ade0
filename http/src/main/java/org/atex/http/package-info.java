/** The HTTP client that modules of this project share. */
@NullMarked
package org.atex.http;

import org.jspecify.annotations.NullMarked;
