/** Containers of podman as systems under test. */
@NullMarked
package org.atex.podman;

import org.jspecify.annotations.NullMarked;
